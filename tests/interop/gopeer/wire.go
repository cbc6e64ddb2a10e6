// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/yamux"
)

// watcher follows the frames of one direction of a connection and counts the pings, which the library hides.
type watcher struct {
	header    [12]byte
	have      int
	body      uint32
	questions atomic.Int64
	answers   atomic.Int64
}

func (w *watcher) see(data []byte) {
	for len(data) > 0 {
		if w.body > 0 {
			n := w.body
			if uint64(n) > uint64(len(data)) {
				n = uint32(len(data))
			}
			w.body -= n
			data = data[n:]
			continue
		}
		n := copy(w.header[w.have:], data)
		w.have += n
		data = data[n:]
		if w.have == len(w.header) {
			w.have = 0
			w.count()
		}
	}
}

func (w *watcher) count() {
	switch w.header[1] {
	case 0:
		w.body = binary.BigEndian.Uint32(w.header[8:])
	case 2:
		if w.header[3]&1 != 0 {
			w.questions.Add(1)
		} else {
			w.answers.Add(1)
		}
	}
}

// watchedConn is a connection whose frames are counted both ways.
type watchedConn struct {
	net.Conn
	in, out watcher
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.see(p[:n])
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.out.see(p[:n])
	return n, err
}

// complaints keeps the errors that the library logs, but for reads and writes that failed because the connection was
// broken: each is something that its peer did wrong. A loud one tells them at once.
type complaints struct {
	sync.Mutex
	loud  bool
	lines []string
}

func isComplaint(line string) bool {
	broken := strings.Contains(line, "Failed to ") || strings.Contains(line, "keepalive failed: write ")
	return strings.Contains(line, "[ERR]") && !broken
}

func (c *complaints) Write(p []byte) (int, error) {
	if *verbose {
		os.Stderr.Write(p)
	}
	if line := string(p); isComplaint(line) {
		if c.loud && !*verbose {
			os.Stderr.Write(p)
		}
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

func config(log *complaints) *yamux.Config {
	c := yamux.DefaultConfig()
	c.KeepAliveInterval = 100 * time.Millisecond
	c.ConnectionWriteTimeout = 30 * time.Second
	c.LogOutput = log
	return c
}
