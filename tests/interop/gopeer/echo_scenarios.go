// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/yamux"
)

// What is asked of a server that echoes every stream.
var echoScenarios = []scenario{
	{"open", func(c *client) error { return openAndGreet(c) }},
	{"echo", echoMuch},
	{"streams", echoMany},
	{"rush", openAtOnce},
	{"half-close", halfClose},
	{"empty", endWithoutAByte},
	{"reset", resetBlocked},
	{"keep-alive", keepAlive},
	{"go-away", goAway},
	{"hang-up", hangUp},
}

func openAndGreet(c *client) error {
	stream, err := c.session.OpenStream()
	if err != nil {
		return err
	}
	if _, err = io.WriteString(stream, "hello\n"); err != nil {
		return err
	}
	if err = expectLine(stream, "hello"); err != nil {
		return err
	}
	if err = stream.Close(); err != nil {
		return err
	}
	return expectSum(stream, 0, newSource(0, 0).sum.Sum(nil))
}

func echoMuch(c *client) error {
	stream, err := c.session.OpenStream()
	if err != nil {
		return err
	}
	return echoOnce(stream, 1, int64(*megabytes)<<20)
}

// All streams are open, and have echoed a line, before any of them goes on.
func echoMany(c *client) error {
	list := make([]*yamux.Stream, *streams)
	for i := range list {
		var err error
		if list[i], err = c.session.OpenStream(); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
		if _, err = fmt.Fprintln(list[i], "stream", i); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
	}
	for i, stream := range list {
		if err := expectLine(stream, fmt.Sprint("stream ", i)); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
	}
	return together(len(list), func(i int) error { return echoOnce(list[i], uint64(i), 300<<10) })
}

// Streams are opened from many threads at once: their opens reach the wire in another order than their ids.
func openAtOnce(c *client) error {
	return together(*streams, func(i int) error {
		stream, err := c.session.OpenStream()
		if err != nil {
			return err
		}
		return echoOnce(stream, uint64(i), 100)
	})
}

// More than one window is sent and the direction ended before anything is read: what the server could not send back
// yet must come after it saw our end.
func halfClose(c *client) error {
	stream, err := c.session.OpenStream()
	if err != nil {
		return err
	}
	src := newSource(2, 400<<10)
	if _, err = io.Copy(stream, src); err != nil {
		return err
	}
	if err = stream.Close(); err != nil {
		return err
	}
	// A question answered now was answered after the end was seen: the wire keeps their order.
	if _, err = c.session.Ping(); err != nil {
		return err
	}
	return expectSum(stream, 400<<10, src.sum.Sum(nil))
}

func endWithoutAByte(c *client) error {
	stream, err := c.session.OpenStream()
	if err != nil {
		return err
	}
	if err = stream.Close(); err != nil {
		return err
	}
	return expectSum(stream, 0, newSource(0, 0).sum.Sum(nil))
}

// The library resets a stream that stays half-closed for too long: this one does, because its echo is not read. The
// others must not notice.
func resetBlocked(c *client) error {
	var errs complaints
	hasty, err := dial(c.path, 100*time.Millisecond, &errs)
	if err != nil {
		return err
	}
	defer hasty.session.Close()
	for i := 0; i < 10; i++ {
		stream, err := hasty.session.OpenStream()
		if err != nil {
			return err
		}
		if _, err = io.Copy(stream, newSource(3, 400<<10)); err != nil {
			return err
		}
		if err = stream.Close(); err != nil {
			return err
		}
	}
	if err = until(func() bool { return hasty.session.NumStreams() == 0 }); err != nil {
		return err
	}
	if err = openAndGreet(hasty); err != nil {
		return fmt.Errorf("after the resets: %w", err)
	}
	if text := errs.take(); text != "" {
		return errors.New("complaint: " + text)
	}
	return nil
}

// Twenty intervals of silence but for the pings, then the session still works.
func keepAlive(c *client) error {
	stream, err := c.session.OpenStream()
	if err != nil {
		return err
	}
	if err = until(func() bool { return c.conn.in.answers.Load() >= 20 }); err != nil {
		return fmt.Errorf("pings answered: %d of %d: %w", c.conn.in.answers.Load(), c.conn.out.questions.Load(), err)
	}
	if c.session.IsClosed() {
		return errors.New("the session ended")
	}
	return echoOnce(stream, 4, 1000)
}

// After our go-away, what runs goes on to its end.
func goAway(c *client) error {
	stream, err := c.session.OpenStream()
	if err != nil {
		return err
	}
	if _, err = io.WriteString(stream, "before\n"); err != nil {
		return err
	}
	if err = expectLine(stream, "before"); err != nil {
		return err
	}
	if err = c.session.GoAway(); err != nil {
		return err
	}
	return echoOnce(stream, 5, 1<<20)
}

// A connection that breaks with streams in full flow is the end of that connection only.
func hangUp(c *client) error {
	for i := 0; i < 50; i++ {
		stream, err := c.session.OpenStream()
		if err != nil {
			return err
		}
		go io.Copy(stream, newSource(uint64(i), 10<<20))
	}
	if _, err := c.session.Ping(); err != nil {
		return err
	}
	c.conn.Close()
	var errs complaints
	next, err := dial(c.path, limit, &errs)
	if err != nil {
		return err
	}
	defer next.session.Close()
	return openAndGreet(next)
}
