// SPDX-License-Identifier: Apache-2.0

// Package gomux runs the cases of the bench over a multiplexer in Go, whichever it is.
package gomux

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// Stream is what every multiplexer here gives.
type Stream = io.ReadWriteCloser

// Session is one connection of many streams.
type Session interface {
	Open() (Stream, error)
	Accept() (Stream, error)
	Close() error
}

const request = 64

var sizes = map[string]int{"rtt64": 64, "inflight64": 64, "oneway64": 64, "bulk64k": 64 << 10, "bulk256k": 256 << 10,
	"bulk1000": 64 << 10, "openclose": 1, "idle_memory": 1}

func ask(stream Stream, buffer []byte) {
	if _, err := stream.Write(buffer); err != nil {
		fail("write", err)
	}
	if _, err := io.ReadFull(stream, buffer); err != nil {
		fail("read", err)
	}
}

// answer gives one message back, and says whether one came.
func answer(stream Stream, buffer []byte) bool {
	if _, err := io.ReadFull(stream, buffer); err != nil {
		return false
	}
	_, err := stream.Write(buffer)
	return err == nil
}

func echo(stream Stream) {
	for buffer := make([]byte, request); answer(stream, buffer); {
	}
	stream.Close()
}

func latency(p plan, stream Stream) {
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

// rate prints how fast a count grows that others work on.
func rate(p plan, done *atomic.Int64, scale float64, unit string) {
	time.Sleep(p.warmup)
	base, from := done.Load(), time.Now()
	time.Sleep(p.measure)
	count, took := done.Load()-base, time.Since(from)
	fmt.Printf("%.4f %s %d\n", float64(count)/took.Seconds()/scale, unit, done.Load())
}

// flight has one goroutine for each stream, each asking in lockstep.
func flight(p plan, streams []Stream) {
	var done atomic.Int64
	for _, stream := range streams {
		go func() {
			for buffer := make([]byte, request); ; done.Add(1) {
				ask(stream, buffer)
			}
		}()
	}
	rate(p, &done, 1e3, "k req/s")
	os.Exit(0) // with requests under way
}

// openclose has one stream for each request, one after the other.
func openclose(p plan, session Session) {
	buffer := make([]byte, 1)
	ops, base := 0, 0
	from := time.Now().Add(p.warmup)
	var now, to, baseAt time.Time
	for to.IsZero() || now.Before(to) {
		stream, err := session.Open()
		if err != nil {
			fail("open", err)
		}
		ask(stream, buffer)
		stream.Close()
		ops++
		if now = time.Now(); to.IsZero() && now.After(from) {
			base, baseAt, to = ops, now, now.Add(p.measure)
		}
	}
	fmt.Printf("%.4f k/s %d\n", float64(ops-base)/now.Sub(baseAt).Seconds()/1e3, ops)
}

func answerEach(session Session) {
	for buffer := make([]byte, 1); ; {
		stream, err := session.Accept()
		if err != nil {
			return
		}
		answer(stream, buffer)
		stream.Close()
	}
}

// feed sends until the other side has enough, which is looked at once the time is over.
func feed(p plan, session Session, stream Stream, size int) {
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
	session.Accept() // ends when the other side, having read everything, is gone
}

// count measures what comes in, then sends one byte to say that it is enough, and reads on to the end.
func count(p plan, stream Stream, size int) {
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

// feedMany sends on every stream, from a goroutine each, until the other side is gone.
func feedMany(session Session, streams []Stream, size int) {
	for _, stream := range streams {
		go func() {
			for buffer := make([]byte, size); ; {
				if _, err := stream.Write(buffer); err != nil {
					return
				}
			}
		}()
	}
	session.Accept()
}

func countMany(p plan, streams []Stream, size int) {
	var done atomic.Int64
	for _, stream := range streams {
		go func() {
			for buffer := make([]byte, size); ; {
				n, err := stream.Read(buffer)
				if err != nil {
					return
				}
				done.Add(int64(n))
			}
		}()
	}
	rate(p, &done, 1e9, "GB/s")
	os.Exit(0) // which tells the other side
}

// grow has n streams in all, each used for one byte there and one back.
func grow(p plan, session Session, streams []Stream, n int) []Stream {
	next := session.Open
	if p.server {
		next = session.Accept
	}
	for buffer := make([]byte, 1); len(streams) < n; {
		stream, err := next()
		if err != nil {
			fail("stream", err)
		}
		if !p.server {
			ask(stream, buffer)
		} else if !answer(stream, buffer) {
			fail("stream", "its first byte did not come")
		}
		streams = append(streams, stream)
	}
	return streams
}

func idle(p plan, session Session) {
	streams := grow(p, session, make([]Stream, 0, p.streams), 16)
	before := memoryUsed()
	streams = grow(p, session, streams, p.streams)
	if p.has("server") == p.server {
		fmt.Printf("%.4f B/stream %d\n", float64(memoryUsed()-before)/float64(p.streams-16), p.streams)
	}
	if p.server {
		answer(streams[0], make([]byte, 1))
	} else {
		ask(streams[0], make([]byte, 1))
	}
}

func run(p plan, session Session, size int) {
	switch p.bench {
	case "idle_memory":
		idle(p, session)
		return
	case "openclose":
		if p.server {
			answerEach(session)
		} else {
			openclose(p, session)
		}
		return
	}
	streams := grow(p, session, nil, p.streams)
	switch {
	case p.bench == "rtt64" && !p.server:
		latency(p, streams[0])
	case p.bench == "inflight64" && !p.server:
		flight(p, streams)
	case p.bench == "rtt64" || p.bench == "inflight64":
		for _, stream := range streams {
			go echo(stream)
		}
		session.Accept() // ends when the other side is gone
	case p.streams > 1 && p.server:
		countMany(p, streams, size)
	case p.streams > 1:
		feedMany(session, streams, size)
	case p.server:
		count(p, streams[0], size)
	default:
		feed(p, session, streams[0], size)
	}
}

// Main measures what the command line asks for, over sessions that start makes.
func Main(start func(conn net.Conn, server bool) (Session, error)) {
	p := parse(os.Args)
	size, known := sizes[p.bench]
	if !known {
		usage("no such case")
	}
	session, err := start(p.connect(), p.server)
	if err != nil {
		fail("session", err)
	}
	run(p, session, size)
	session.Close()
}
