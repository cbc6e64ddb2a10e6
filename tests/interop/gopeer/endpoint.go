// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"sort"
	"sync"
)

// An endpoint listens or dials, and makes peers of its connections.
type endpoint struct {
	start    func(net.Conn, bool, settings) (mux, error)
	backlog  int
	messages bool // listen for messages, where there is such a thing
	path     string
}

// A peer is one connection.
type peer struct {
	mux
	conn net.Conn
	log  *complaints
	gate sync.Mutex // held: nothing is accepted

	lock  sync.Mutex
	codes []uint32    // of the resets that came
	early chan string // digests of what came after our end was sent
}

func (e *endpoint) peer(conn net.Conn, client bool) (*peer, error) {
	p := &peer{conn: conn, log: &complaints{}, early: make(chan string, 16)}
	session, err := e.start(conn, client, settings{e.backlog, p.log})
	p.mux = session
	return p, err
}

func (e *endpoint) connect() (*peer, error) {
	conn, err := dialAt(e.path)
	if err != nil {
		return nil, err
	}
	return e.peer(conn, true)
}

func (e *endpoint) acceptAll(handle func(net.Conn) error) error {
	listener, err := listenAt(e.path, e.messages)
	if err != nil {
		return err
	}
	fmt.Println("listening", e.path)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			if err := handle(conn); err != nil {
				complain(err)
			}
		}()
	}
}

func (e *endpoint) serve() error {
	return e.acceptAll(func(conn net.Conn) error {
		p, err := e.peer(conn, false)
		if err == nil {
			err = p.answer()
		}
		return err
	})
}

func (e *endpoint) dial() error {
	p, err := e.connect()
	if err != nil {
		return err
	}
	return p.answer()
}

// run obeys each command on a connection of its own, as the client of an endpoint that echoes.
func (e *endpoint) run(commands []string) error {
	failed := 0
	for _, line := range commands {
		p, err := e.connect()
		if err == nil {
			err = withLimit(func() error { return p.act(line, os.Stdout) })
			p.close()
			if text := p.log.take(); err == nil && text != "" {
				err = fmt.Errorf("complaint: %s", text)
			}
		}
		verdict := "ok"
		if err != nil {
			verdict = "FAILED: " + err.Error()
			failed++
		}
		fmt.Printf("%s: %s\n", line, verdict)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d commands failed", failed, len(commands))
	}
	return nil
}

// answer obeys the commands of all streams until the session ends.
func (p *peer) answer() error {
	for {
		stream, err := p.accept()
		if err != nil {
			break
		}
		p.gate.Lock()
		p.gate.Unlock()
		go p.handle(stream)
	}
	p.close()
	if text := p.log.take(); text != "" {
		return fmt.Errorf("complaint: %s", text)
	}
	return nil
}

func (p *peer) handle(s stream) {
	p.note(p.obey(s))
	s.release()
}

// note keeps the code if the error is a reset that came, and passes the error on.
func (p *peer) note(err error) error {
	if code, is := p.resetCode(err); is {
		p.lock.Lock()
		p.codes = append(p.codes, code)
		p.lock.Unlock()
	}
	return err
}

// resets waits until so many resets came, and returns their codes in order.
func (p *peer) resets(count int64) ([]uint32, error) {
	var codes []uint32
	err := until(func() bool {
		p.lock.Lock()
		defer p.lock.Unlock()
		codes = append([]uint32(nil), p.codes...)
		return int64(len(codes)) >= count
	})
	sort.Slice(codes, func(i, j int) bool { return codes[i] < codes[j] })
	return codes, err
}
