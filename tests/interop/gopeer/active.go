// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// act does what needs streams of our own, which the other side echoes.
func (p *peer) act(line string, answer io.Writer) error {
	name, arguments, err := parse(line)
	if err != nil {
		return err
	}
	count := int(arguments[0])
	switch name {
	case "open":
		return p.openMany(count, arguments[1])
	case "empty":
		return p.withStream(func(s stream) error {
			if err := s.end(); err != nil {
				return err
			}
			return expectSum(s, 0, newSource(0, 0).digest())
		})
	case "half-close":
		return p.withStream(func(s stream) error { return p.endBeforeReading(s, arguments[0]) })
	case "reset-open":
		return p.resetBlocked(count)
	case "refusals":
		refused, err := p.refusals(count)
		if err == nil {
			_, err = fmt.Fprintln(answer, refused)
		}
		return err
	case "ping":
		for i := 0; i < count; i++ {
			if err := p.ping(); err != nil {
				return err
			}
		}
		return p.openMany(1, 1000)
	case "goaway-open":
		return p.withStream(p.goAwayBesides)
	case "break":
		return p.breakInFlow(count)
	}
	return fmt.Errorf("unknown command %q", line)
}

func (p *peer) withStream(run func(stream) error) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	defer s.release()
	return run(s)
}

// openMany opens all streams, from as many threads, so that their opens reach the wire in another order than their ids.
// All have echoed a line before any goes on.
func (p *peer) openMany(count int, length int64) error {
	list := make([]stream, count)
	err := together(count, func(i int) (err error) {
		if list[i], err = p.open(); err == nil {
			err = greet(list[i], fmt.Sprint("stream ", i))
		}
		return err
	})
	if err != nil {
		return err
	}
	return together(count, func(i int) error {
		defer list[i].release()
		return echoOnce(list[i], uint64(i), length)
	})
}

func greet(s stream, line string) error {
	if _, err := fmt.Fprintln(s, line); err != nil {
		return err
	}
	return expectLine(s, line)
}

// echoOnce sends length bytes while it reads them back, ends its direction, and expects the end after the last byte.
func echoOnce(s stream, seed uint64, length int64) error {
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{s}, newSource(seed, length), make([]byte, 64<<10))
		if err == nil {
			err = s.end()
		}
		sent <- err
	}()
	if err := expectSum(s, length, newSource(seed, length).digest()); err != nil {
		return err
	}
	return <-sent
}

// endBeforeReading sends more than one window and ends the direction before anything is read: what the other side could
// not send back yet must come after it saw our end.
func (p *peer) endBeforeReading(s stream, length int64) error {
	if _, err := io.Copy(s, newSource(2, length)); err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	// A question answered now was answered after the end was seen: the wire keeps their order.
	if err := p.ping(); err != nil {
		return err
	}
	return expectSum(s, length, newSource(2, length).digest())
}

// resetBlocked resets streams whose echo is not read. The others must not notice.
func (p *peer) resetBlocked(count int) error {
	others := p.streams()
	err := together(count, func(int) error {
		return p.withStream(func(s stream) error {
			if _, err := io.Copy(s, newSource(3, 400<<10)); err != nil {
				return err
			}
			return s.reset(65537)
		})
	})
	if err == nil {
		err = until(func() bool { return p.streams() <= others })
	}
	if err != nil {
		return err
	}
	return p.openMany(1, 1000)
}

// refusals opens streams of which some are refused, and counts these; the others must work.
func (p *peer) refusals(count int) (int, error) {
	refused := make(chan bool, count)
	err := together(count, func(i int) error {
		s, err := p.open()
		if err != nil {
			return err
		}
		defer s.release()
		err = greet(s, fmt.Sprint("stream ", i))
		_, is := p.resetCode(err)
		refused <- is
		if is {
			err = nil
		}
		return err
	})
	close(refused)
	total := 0
	for is := range refused {
		if is {
			total++
		}
	}
	return total, err
}

// goAwayBesides goes away: what runs goes on to its end.
func (p *peer) goAwayBesides(s stream) error {
	if err := greet(s, "before"); err != nil {
		return err
	}
	if err := p.goAway(); err != nil {
		return err
	}
	return echoOnce(s, 5, 1<<20)
}

// breakInFlow breaks the connection with streams in full flow.
func (p *peer) breakInFlow(count int) error {
	for i := 0; i < count; i++ {
		s, err := p.open()
		if err != nil {
			return err
		}
		go io.Copy(s, newSource(uint64(i), 10<<20))
	}
	if err := p.ping(); err != nil {
		return err
	}
	if err := p.conn.Close(); err != nil {
		return err
	}
	return until(p.ended)
}

// together runs count of them at once and returns the first error.
func together(count int, run func(i int) error) error {
	results := make(chan error, count)
	for i := 0; i < count; i++ {
		go func(i int) { results <- run(i) }(i)
	}
	var failed error
	for i := 0; i < count; i++ {
		if err := <-results; err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

func withLimit(run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return errors.New("no end in time")
	}
}
