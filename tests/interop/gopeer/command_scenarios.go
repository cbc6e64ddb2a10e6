// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/yamux"
)

// What is asked of a server that answers commands: the same as client.c asks, so that the server is known to be good.
var commandScenarios = []scenario{
	{"echo", func(c *client) error {
		return withCommand(c, "echo", func(s *yamux.Stream) error { return echoOnce(s, 1, 1<<20) })
	}},
	{"half-close", sumAfterEnd},
	{"half-closed", sendAfterTheirEnd},
	{"reset", theyReset},
	{"keep-alive", func(c *client) error { return askAll(c, "pings 5", "pongs 5", "rtt") }},
	{"open", theyOpen},
	{"go-away", theyGoAway},
	{"hang-up", theyHangUp},
}

func command(c *client, line string) (*yamux.Stream, error) {
	stream, err := c.session.OpenStream()
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(stream, line)
	return stream, err
}

func withCommand(c *client, line string, run func(*yamux.Stream) error) error {
	stream, err := command(c, line)
	if err != nil {
		return err
	}
	defer stream.Close()
	return run(stream)
}

func askAll(c *client, lines ...string) error {
	for _, line := range lines {
		err := withCommand(c, line, func(s *yamux.Stream) error { return expectLine(s, "ok") })
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func sumAfterEnd(c *client) error {
	return withCommand(c, "sum", func(s *yamux.Stream) error {
		src := newSource(7, 3<<20)
		if _, err := io.Copy(s, src); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		in := bufio.NewReader(s)
		if line, err := in.ReadString('\n'); err != nil || line != fmt.Sprintf("%x\n", src.sum.Sum(nil)) {
			return fmt.Errorf("wrong checksum %q: %v", line, err)
		}
		want := newSource(5, 1<<20)
		io.Copy(io.Discard, want)
		return expectSum(in, 1<<20, want.sum.Sum(nil))
	})
}

func sendAfterTheirEnd(c *client) error {
	src := newSource(8, 3<<20)
	err := withCommand(c, "early", func(s *yamux.Stream) error {
		if err := expectSum(s, 0, newSource(0, 0).sum.Sum(nil)); err != nil {
			return err
		}
		if _, err := io.Copy(s, src); err != nil {
			return err
		}
		return s.Close()
	})
	if err != nil {
		return err
	}
	return withCommand(c, "digest", func(s *yamux.Stream) error {
		return expectLine(s, fmt.Sprintf("%x", src.sum.Sum(nil)))
	})
}

func theyReset(c *client) error {
	var errs complaints
	hasty, err := dial(c.path+".hasty", limit, &errs)
	if err != nil {
		return err
	}
	defer hasty.session.Close()
	return withCommand(hasty, "half", func(s *yamux.Stream) error {
		if err := expectSum(s, 0, newSource(0, 0).sum.Sum(nil)); err != nil {
			return err
		}
		return until(func() bool {
			_, err := s.Write([]byte{0})
			return errors.Is(err, yamux.ErrConnectionReset)
		})
	})
}

func theyOpen(c *client) error {
	return withCommand(c, "open", func(s *yamux.Stream) error {
		theirs, err := c.session.AcceptStream()
		if err != nil {
			return err
		}
		if _, err = io.Copy(theirs, theirs); err != nil {
			return err
		}
		if err = theirs.Close(); err != nil {
			return err
		}
		return expectLine(s, "ok")
	})
}

func theyGoAway(c *client) error {
	return withCommand(c, "goaway", func(s *yamux.Stream) error {
		if err := expectLine(s, "ok"); err != nil {
			return err
		}
		if _, err := c.session.OpenStream(); !errors.Is(err, yamux.ErrRemoteGoAway) {
			return fmt.Errorf("open after the go-away: %v", err)
		}
		return echoOnce(s, 9, 1<<20)
	})
}

func theyHangUp(c *client) error {
	// The end of the connection may be seen before the command is known to be written.
	stream, err := command(c, "drop")
	if err == nil {
		_, err = io.Copy(io.Discard, stream)
	}
	if err != nil && !errors.Is(err, yamux.ErrSessionShutdown) {
		return err
	}
	return until(c.session.IsClosed)
}
