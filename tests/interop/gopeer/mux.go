// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"sync"
)

// A mux is a session of either library.
type mux interface {
	open() (stream, error)
	accept() (stream, error)
	ping() error
	goAway() error
	close() error
	ended() bool
	streams() int
	// resetCode tells whether an error of a stream says that the other side reset it, and its code.
	resetCode(error) (uint32, bool)
}

type stream interface {
	io.ReadWriter
	// end ends our direction; the other goes on.
	end() error
	// release is for when nothing more is read.
	release() error
	// reset may take a moment to have its effect.
	reset(code uint32) error
}

type settings struct {
	backlog int
	log     *complaints
}

// complaints keeps the errors that a library logs, but for reads and writes that failed because the connection was
// broken: each is something that its peer did wrong.
type complaints struct {
	sync.Mutex
	lines []string
}

func isComplaint(line string) bool {
	broken := strings.Contains(line, "Failed to ") || strings.Contains(line, "keepalive failed: ")
	return strings.Contains(line, "[ERR]") && !broken
}

func (c *complaints) Write(p []byte) (int, error) {
	if line := string(p); isComplaint(line) {
		c.Lock()
		c.lines = append(c.lines, strings.TrimSpace(line))
		c.Unlock()
	}
	return len(p), nil
}

func (c *complaints) take() string {
	c.Lock()
	defer c.Unlock()
	text := strings.Join(c.lines, "; ")
	c.lines = nil
	return text
}
