// SPDX-License-Identifier: Apache-2.0

package gomux

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// memoryUsed is what this process has resident of its own, in bytes, once the collector gave back what it could.
func memoryUsed() int64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail("memory", err)
	}
	var kilobytes int64
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		fail("memory", err)
	}
	return kilobytes * 1024
}
