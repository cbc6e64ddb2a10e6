// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/libp2p/go-yamux/v5"
)

type libp2pMux struct{ *yamux.Session }
type libp2pStream struct{ *yamux.Stream }

func newLibp2p(conn net.Conn, client bool, s settings) (mux, error) {
	c := yamux.DefaultConfig()
	c.AcceptBacklog = s.backlog
	c.KeepAliveInterval = 100 * time.Millisecond
	c.MeasureRTTInterval = 100 * time.Millisecond
	c.ConnectionWriteTimeout = 30 * time.Second
	c.LogOutput = s.log
	session, err := (*yamux.Session)(nil), error(nil)
	if client {
		session, err = yamux.Client(conn, c, nil)
	} else {
		session, err = yamux.Server(conn, c, nil)
	}
	return &libp2pMux{session}, err
}

func wrapLibp2p(s *yamux.Stream, err error) (stream, error) {
	if err != nil {
		return nil, err
	}
	return &libp2pStream{s}, nil
}

func (m *libp2pMux) open() (stream, error)   { return wrapLibp2p(m.OpenStream(context.Background())) }
func (m *libp2pMux) accept() (stream, error) { return wrapLibp2p(m.AcceptStream()) }
func (m *libp2pMux) goAway() error           { return m.GoAway() }
func (m *libp2pMux) close() error            { return m.Close() }
func (m *libp2pMux) ended() bool             { return m.IsClosed() }
func (m *libp2pMux) streams() int            { return m.NumStreams() }

func (m *libp2pMux) ping() error {
	_, err := m.Ping()
	return err
}

func (m *libp2pMux) resetCode(err error) (uint32, bool) {
	var reset *yamux.StreamError
	if errors.As(err, &reset) && reset.Remote {
		return reset.ErrorCode, true
	}
	return 0, false
}

func (s *libp2pStream) end() error              { return s.CloseWrite() }
func (s *libp2pStream) release() error          { return s.Close() }
func (s *libp2pStream) reset(code uint32) error { return s.ResetWithError(code) }
