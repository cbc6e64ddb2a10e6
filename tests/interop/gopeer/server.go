// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/yamux"
)

// A peer is one connection of a server.
type peer struct {
	session *yamux.Session
	conn    *watchedConn
	resets  atomic.Int64
	early   chan string // digests of what came after our end was sent
}

func serve(path string) {
	go listen(path+".hasty", 200*time.Millisecond)
	listen(path, limit)
}

func listen(path string, patience time.Duration) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", path)
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go answer(conn, patience)
	}
}

func answer(conn net.Conn, patience time.Duration) {
	p := &peer{conn: &watchedConn{Conn: conn}, early: make(chan string, 16)}
	c := config(&complaints{loud: true})
	c.StreamCloseTimeout = patience
	session, err := yamux.Server(p.conn, c)
	if err != nil {
		log.Fatal(err)
	}
	p.session = session
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			session.Close()
			return
		}
		go p.handle(stream)
	}
}

func (p *peer) handle(stream *yamux.Stream) {
	var err error
	if *echoOnly {
		_, err = io.Copy(stream, stream)
	} else {
		err = p.obey(stream)
	}
	if errors.Is(err, yamux.ErrConnectionReset) {
		p.resets.Add(1)
	}
	stream.Close()
}

// obey reads a line and does what it says:
//
//	echo      echo the rest until its end
//	sum       read to the end, then answer with the checksum and with what "source" makes of seed 5, 1 MiB
//	early     end our direction at once, then read to the end and keep the checksum for "digest"
//	digest    answer with the checksum that "early" kept
//	resets N  answer once N streams were reset by the client
//	pings N   answer once N pings came; pongs N: once N of our own were answered
//	rtt       answer once three more pings of ours were answered
//	open      open a stream to the client, which echoes it, and answer when all came back
//	goaway    go away, answer, echo the rest
//	half      end our direction and do not read: on the hasty socket a reset follows
//	flood     write many small pieces until the client resets the stream
//	drop      break the connection
func (p *peer) obey(stream *yamux.Stream) error {
	in := bufio.NewReader(stream)
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	words := strings.Fields(line)
	count := int64(0)
	if len(words) == 2 {
		if count, err = strconv.ParseInt(words[1], 10, 64); err != nil {
			return err
		}
	}
	switch words[0] {
	case "echo":
		_, err = io.Copy(stream, in)
	case "sum":
		err = answerSum(stream, in)
	case "early":
		err = p.endEarly(stream, in)
	case "digest":
		_, err = fmt.Fprintln(stream, <-p.early)
	case "resets":
		err = reply(stream, until(func() bool { return p.resets.Load() >= count }))
	case "pings":
		err = reply(stream, until(func() bool { return p.conn.in.questions.Load() >= count }))
	case "pongs":
		count += p.conn.in.answers.Load()
		err = reply(stream, until(func() bool { return p.conn.in.answers.Load() >= count }))
	case "rtt":
		err = reply(stream, p.ping())
	case "open":
		err = reply(stream, p.open())
	case "goaway":
		if err = p.session.GoAway(); err == nil {
			err = reply(stream, nil)
		}
		if err == nil {
			_, err = io.Copy(stream, in)
		}
	case "half":
		stream.Close()
		// The stream's end by time-out shows as its end or as an error; either will do.
		err = until(func() bool { return p.session.NumStreams() == 0 })
	case "flood":
		for err == nil {
			_, err = stream.Write([]byte("0123456789abcdef"))
		}
	case "drop":
		err = p.conn.Close()
	default:
		err = fmt.Errorf("unknown command %q", line)
	}
	return err
}

func reply(stream io.Writer, err error) error {
	text := "ok"
	if err != nil {
		text = err.Error()
	}
	_, err = fmt.Fprintln(stream, text)
	return err
}

func answerSum(stream io.Writer, in io.Reader) error {
	sum := fnv.New64a()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stream, "%x\n", sum.Sum(nil)); err != nil {
		return err
	}
	_, err := io.Copy(stream, newSource(5, 1<<20))
	return err
}

func (p *peer) endEarly(stream *yamux.Stream, in io.Reader) error {
	stream.Close()
	sum := fnv.New64a()
	if _, err := io.Copy(sum, in); err != nil {
		p.early <- err.Error()
		return err
	}
	p.early <- fmt.Sprintf("%x", sum.Sum(nil))
	return nil
}

func (p *peer) ping() error {
	for i := 0; i < 3; i++ {
		if _, err := p.session.Ping(); err != nil {
			return err
		}
	}
	return nil
}

func (p *peer) open() error {
	stream, err := p.session.OpenStream()
	if err != nil {
		return err
	}
	defer stream.Close()
	return echoOnce(stream, 6, 1<<20)
}
