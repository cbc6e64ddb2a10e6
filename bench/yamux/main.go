// SPDX-License-Identifier: Apache-2.0

// bench_yamux runs the cases of the bench over hashicorp/yamux with its default settings (a window of 256 KiB a stream).
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/yamux"
)

const request = 64

var sizes = map[string]int{"rtt64": 64, "inflight64": 64, "oneway64": 64, "bulk64k": 64 << 10, "bulk256k": 256 << 10}

func ask(stream *yamux.Stream, buffer []byte) {
	if _, err := stream.Write(buffer); err != nil {
		fail("write", err)
	}
	if _, err := io.ReadFull(stream, buffer); err != nil {
		fail("read", err)
	}
}

func echo(stream *yamux.Stream) {
	buffer := make([]byte, request)
	for {
		if _, err := io.ReadFull(stream, buffer); err != nil {
			stream.Close()
			return
		}
		if _, err := stream.Write(buffer); err != nil {
			return
		}
	}
}

func latency(p plan, stream *yamux.Stream) {
	buffer := make([]byte, request)
	samples := make([]time.Duration, 0, 1<<20)
	ops := 0
	begin := time.Now()
	from := begin.Add(p.warmup)
	var to time.Time
	for ; to.IsZero() || begin.Before(to); ops++ {
		ask(stream, buffer)
		end := time.Now()
		if !begin.Before(from) {
			if to.IsZero() {
				to = begin.Add(p.measure)
			}
			samples = append(samples, end.Sub(begin))
		}
		for begin = end; begin.Sub(end) < p.think; {
			begin = time.Now()
		}
	}
	slices.Sort(samples)
	fmt.Printf("%.3f us %d\n", float64(samples[len(samples)/2])/1e3, ops)
}

// flight has one goroutine for each stream, each asking in lockstep.
func flight(p plan, streams []*yamux.Stream) {
	var done atomic.Int64
	var stop atomic.Bool
	var all sync.WaitGroup
	for _, stream := range streams {
		all.Go(func() {
			buffer := make([]byte, request)
			for !stop.Load() {
				ask(stream, buffer)
				done.Add(1)
			}
		})
	}
	time.Sleep(p.warmup)
	base, from := done.Load(), time.Now()
	time.Sleep(p.measure)
	count, took := done.Load()-base, time.Since(from)
	stop.Store(true)
	all.Wait()
	fmt.Printf("%.4f k req/s %d\n", float64(count)/took.Seconds()/1e3, done.Load())
}

// feed sends until the other side has enough, which is looked at once the time is over.
func feed(p plan, stream *yamux.Stream, size int) {
	buffer := make([]byte, size)
	var enough atomic.Bool
	go func() {
		stream.Read(make([]byte, 1))
		enough.Store(true)
	}()
	to := time.Now().Add(p.warmup + p.measure)
	for time.Now().Before(to) || !enough.Load() {
		for range 64 {
			if _, err := stream.Write(buffer); err != nil {
				fail("write", err)
			}
		}
	}
	stream.Close()
	io.Copy(io.Discard, stream)
}

// count measures what comes in, then sends one byte to say that it is enough, and reads on to the end.
func count(p plan, stream *yamux.Stream, size int) {
	buffer := make([]byte, max(size, 64<<10))
	read := func() uint64 {
		n, err := stream.Read(buffer)
		if err != nil && !errors.Is(err, io.EOF) {
			fail("read", err)
		}
		return uint64(n)
	}
	total, base := read(), uint64(0)
	from := time.Now().Add(p.warmup)
	var now, to, baseAt time.Time
	for to.IsZero() || now.Before(to) {
		n := read()
		if n == 0 {
			fail("the stream", "ended before the time was over")
		}
		total += n
		if now = time.Now(); to.IsZero() && now.After(from) {
			base, baseAt, to = total, now, now.Add(p.measure)
		}
	}
	rate := float64(total-base) / now.Sub(baseAt).Seconds()
	if _, err := stream.Write([]byte{0}); err != nil {
		fail("write", err)
	}
	for n := read(); n != 0; n = read() {
		total += n
	}
	stream.Close()
	if size == request {
		fmt.Printf("%.4f M msg/s %d\n", rate/1e6/request, total)
	} else {
		fmt.Printf("%.4f GB/s %d\n", rate/1e9, total)
	}
}

func streams(p plan, config *yamux.Config, n int) (*yamux.Session, []*yamux.Stream) {
	conn := p.connect()
	start, next := yamux.Client, (*yamux.Session).OpenStream
	if p.server {
		start, next = yamux.Server, (*yamux.Session).AcceptStream
	}
	session, err := start(conn, config)
	if err != nil {
		fail("session", err)
	}
	all := make([]*yamux.Stream, n)
	for i := range all {
		if all[i], err = next(session); err != nil {
			fail("stream", err)
		}
	}
	return session, all
}

func main() {
	p := parse(os.Args)
	size, known := sizes[p.bench]
	if !known {
		usage("no such case")
	}
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	n := 1
	if p.bench == "inflight64" {
		n = 64
	}
	session, all := streams(p, config, n)
	defer session.Close()
	switch {
	case p.bench == "rtt64" && !p.server:
		latency(p, all[0])
	case p.bench == "inflight64" && !p.server:
		flight(p, all)
	case p.bench == "rtt64" || p.bench == "inflight64":
		var group sync.WaitGroup
		for _, stream := range all {
			group.Go(func() { echo(stream) })
		}
		group.Wait()
	case p.server:
		count(p, all[0], size)
	default:
		feed(p, all[0], size)
	}
}
