// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/hashicorp/yamux"
)

// A scenario has a connection of its own.
type scenario struct {
	name string
	run  func(c *client) error
}

type client struct {
	path    string
	session *yamux.Session
	conn    *watchedConn
}

func dial(path string, patience time.Duration, errs *complaints) (*client, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	c := &client{path: path, conn: &watchedConn{Conn: conn}}
	settings := config(errs)
	settings.StreamCloseTimeout = patience
	c.session, err = yamux.Client(c.conn, settings)
	return c, err
}

func runScenarios(path string, scenarios []scenario) {
	ran, failed := 0, 0
	for _, s := range scenarios {
		if !wanted(s.name) {
			continue
		}
		ran++
		start := time.Now()
		err := runOne(path, s)
		verdict := "ok"
		if err != nil {
			verdict = "FAILED: " + err.Error()
			failed++
		}
		fmt.Printf("%-12s %8.1f ms  %s\n", s.name, float64(time.Since(start).Microseconds())/1000, verdict)
	}
	fmt.Printf("%d scenarios, %d failed\n", ran, failed)
	if failed > 0 || ran == 0 {
		os.Exit(1)
	}
}

func runOne(path string, s scenario) error {
	var errs complaints
	c, err := dial(path, limit, &errs)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.run(c) }()
	select {
	case err = <-done:
	case <-time.After(limit):
		err = errWaited
	}
	c.session.Close()
	if text := errs.take(); err == nil && text != "" {
		err = fmt.Errorf("complaint: %s", text)
	}
	return err
}

// together runs count of them at once and returns the first error.
func together(count int, run func(i int) error) error {
	results := make(chan error, count)
	for i := 0; i < count; i++ {
		go func(i int) { results <- run(i) }(i)
	}
	var first error
	for i := 0; i < count; i++ {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// echoOnce sends length bytes while it reads them back, ends its direction, and expects the end after the last byte.
func echoOnce(stream *yamux.Stream, seed uint64, length int64) error {
	src := newSource(seed, length)
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{stream}, src, make([]byte, 64<<10))
		if err == nil {
			err = stream.Close()
		}
		sent <- err
	}()
	sum := newSource(seed, length)
	if _, err := io.Copy(io.Discard, sum); err != nil {
		return err
	}
	if err := expectSum(stream, length, sum.sum.Sum(nil)); err != nil {
		return err
	}
	return <-sent
}
