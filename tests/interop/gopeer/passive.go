// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

// obey reads a line from a stream that the other side opened, and does what it says.
func (p *peer) obey(s stream) error {
	in := bufio.NewReader(s)
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	name, arguments, err := parse(line)
	if err != nil {
		return err
	}
	switch name {
	case "echo":
		return echo(s, in)
	case "sum":
		return answerSum(s, in)
	case "source":
		if _, err = io.Copy(s, newSource(5, arguments[0])); err != nil {
			return err
		}
		return s.end()
	case "early":
		return p.endEarly(s, in)
	case "digest":
		_, err = fmt.Fprintln(s, <-p.early)
	case "flood":
		return flood(s)
	case "resets":
		_, err = p.resets(arguments[0])
		err = reply(s, err)
	case "codes":
		codes, failed := p.resets(arguments[0])
		if failed != nil {
			return reply(s, failed)
		}
		_, err = fmt.Fprintln(s, strings.Trim(fmt.Sprint(codes), "[]"))
	case "reset":
		return s.reset(uint32(arguments[0]))
	case "hold":
		return p.hold(s, in)
	case "goaway":
		if err = p.goAway(); err != nil {
			return err
		}
		if err = reply(s, nil); err != nil {
			return err
		}
		return echo(s, in)
	case "close":
		return p.close()
	case "drop":
		return p.conn.Close()
	default:
		err = reply(s, p.act(line, s))
	}
	return err
}

// parse splits a line into its command and its numbers; those that are missing are 0.
func parse(line string) (string, [2]int64, error) {
	var arguments [2]int64
	words := strings.Fields(line)
	if len(words) == 0 || len(words) > 3 {
		return "", arguments, fmt.Errorf("no command: %q", line)
	}
	for i, word := range words[1:] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return "", arguments, err
		}
		arguments[i] = n
	}
	return words[0], arguments, nil
}

func reply(s io.Writer, err error) error {
	text := "ok"
	if err != nil {
		text = err.Error()
	}
	_, err = fmt.Fprintln(s, text)
	return err
}

func echo(s stream, in io.Reader) error {
	if _, err := io.Copy(struct{ io.Writer }{s}, in); err != nil {
		return err
	}
	return s.end()
}

func answerSum(s stream, in io.Reader) error {
	sum := fnv.New64a()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s, "%x\n", sum.Sum(nil)); err != nil {
		return err
	}
	if _, err := io.Copy(s, newSource(5, 1<<20)); err != nil {
		return err
	}
	return s.end()
}

func (p *peer) endEarly(s stream, in io.Reader) error {
	s.end()
	sum := fnv.New64a()
	if _, err := io.Copy(sum, in); err != nil {
		p.early <- err.Error()
		return err
	}
	p.early <- fmt.Sprintf("%x", sum.Sum(nil))
	return nil
}

func flood(s io.Writer) error {
	piece := make([]byte, 512)
	for {
		if _, err := s.Write(piece); err != nil {
			return err
		}
	}
}

func (p *peer) hold(s stream, in io.Reader) error {
	p.gate.Lock()
	defer p.gate.Unlock()
	if err := reply(s, nil); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, in)
	return err
}
