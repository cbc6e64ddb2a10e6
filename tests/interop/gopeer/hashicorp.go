// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

type hashicorpMux struct {
	*yamux.Session
	config *yamux.Config
}

type hashicorpStream struct {
	*yamux.Stream
	config *yamux.Config
}

func newHashicorp(conn net.Conn, client bool, s settings) (mux, error) {
	c := yamux.DefaultConfig()
	c.AcceptBacklog = s.backlog
	c.KeepAliveInterval = 100 * time.Millisecond
	c.ConnectionWriteTimeout = 30 * time.Second
	c.StreamCloseTimeout = limit
	c.LogOutput = s.log
	session, err := (*yamux.Session)(nil), error(nil)
	if client {
		session, err = yamux.Client(conn, c)
	} else {
		session, err = yamux.Server(conn, c)
	}
	return &hashicorpMux{session, c}, err
}

func (m *hashicorpMux) wrap(s *yamux.Stream, err error) (stream, error) {
	if err != nil {
		return nil, err
	}
	return &hashicorpStream{s, m.config}, nil
}

func (m *hashicorpMux) open() (stream, error)   { return m.wrap(m.OpenStream()) }
func (m *hashicorpMux) accept() (stream, error) { return m.wrap(m.AcceptStream()) }
func (m *hashicorpMux) goAway() error           { return m.GoAway() }
func (m *hashicorpMux) close() error            { return m.Close() }
func (m *hashicorpMux) ended() bool             { return m.IsClosed() }
func (m *hashicorpMux) streams() int            { return m.NumStreams() }

func (m *hashicorpMux) ping() error {
	_, err := m.Ping()
	return err
}

func (m *hashicorpMux) resetCode(err error) (uint32, bool) {
	return 0, errors.Is(err, yamux.ErrConnectionReset)
}

func (s *hashicorpStream) end() error     { return s.Close() }
func (s *hashicorpStream) release() error { return s.Close() }

var resetting sync.Mutex

// The library has no reset. It resets a stream that stays half-closed for too long, though: for this one that is soon.
func (s *hashicorpStream) reset(uint32) error {
	resetting.Lock()
	defer resetting.Unlock()
	s.config.StreamCloseTimeout = 50 * time.Millisecond
	defer func() { s.config.StreamCloseTimeout = limit }()
	return s.Close()
}
