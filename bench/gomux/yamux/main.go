// SPDX-License-Identifier: Apache-2.0

// bench_yamux runs the cases of the bench over hashicorp/yamux with its default settings (a window of 256 KiB a stream).
package main

import (
	"io"
	"net"

	"github.com/hashicorp/yamux"

	"hawser/bench/gomux"
)

type session struct{ *yamux.Session }

func (s session) Open() (gomux.Stream, error)   { return s.OpenStream() }
func (s session) Accept() (gomux.Stream, error) { return s.AcceptStream() }

func main() {
	gomux.Main(func(conn net.Conn, server bool) (gomux.Session, error) {
		config := yamux.DefaultConfig()
		config.LogOutput = io.Discard
		start := yamux.Client
		if server {
			start = yamux.Server
		}
		s, err := start(conn, config)
		return session{s}, err
	})
}
