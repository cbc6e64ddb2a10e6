// SPDX-License-Identifier: Apache-2.0

// bench_smux runs the cases of the bench over xtaci/smux with its default settings (4 MiB held for a session, no windows
// of its streams).
package main

import (
	"net"

	"github.com/xtaci/smux"

	"hawser/bench/gomux"
)

type session struct{ *smux.Session }

func (s session) Open() (gomux.Stream, error)   { return s.OpenStream() }
func (s session) Accept() (gomux.Stream, error) { return s.AcceptStream() }

func main() {
	gomux.Main(func(conn net.Conn, server bool) (gomux.Session, error) {
		start := smux.Client
		if server {
			start = smux.Server
		}
		s, err := start(conn, smux.DefaultConfig())
		return session{s}, err
	})
}
