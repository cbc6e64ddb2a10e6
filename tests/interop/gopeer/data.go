// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"os"
	"time"
)

// limit bounds every wait. It is far above what a loaded machine needs, and is reached by a fault only.
const limit = 90 * time.Second

// source yields length bytes that differ from seed to seed and do not repeat within a frame.
type source struct {
	state  uint64
	length int64
	sum    hash.Hash
}

func newSource(seed uint64, length int64) *source {
	return &source{state: seed*0x9e3779b97f4a7c15 + 1, length: length, sum: fnv.New64a()}
}

func (s *source) Read(p []byte) (int, error) {
	if s.length == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > s.length {
		p = p[:s.length]
	}
	for i := range p {
		s.state ^= s.state << 13
		s.state ^= s.state >> 7
		s.state ^= s.state << 17
		p[i] = byte(s.state >> 32)
	}
	s.length -= int64(len(p))
	s.sum.Write(p)
	return len(p), nil
}

// digest is the checksum of all of it.
func (s *source) digest() []byte {
	io.Copy(io.Discard, s)
	return s.sum.Sum(nil)
}

// expectSum reads to the end of the stream and compares length and checksum.
func expectSum(r io.Reader, length int64, want []byte) error {
	sum := fnv.New64a()
	n, err := io.Copy(sum, r)
	if err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, length, err)
	}
	if n != length {
		return fmt.Errorf("%d bytes came, not %d", n, length)
	}
	if got := sum.Sum(nil); string(got) != string(want) {
		return fmt.Errorf("checksum is %x, not %x", got, want)
	}
	return nil
}

// expectLine reads a line of which the length is known, and not a byte more.
func expectLine(r io.Reader, want string) error {
	line, err := bufio.NewReader(io.LimitReader(r, int64(len(want)+1))).ReadString('\n')
	if err != nil {
		return fmt.Errorf("instead of %q: %w", want, err)
	}
	if line != want+"\n" {
		return fmt.Errorf("%q came, not %q", line, want)
	}
	return nil
}

var errWaited = errors.New("did not happen in time")

// until polls a condition that the library has no signal for.
func until(condition func() bool) error {
	for end := time.Now().Add(limit); !condition(); {
		if time.Now().After(end) {
			return errWaited
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

func complain(err error) { fmt.Fprintln(os.Stderr, err) }
