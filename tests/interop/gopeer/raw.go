// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
)

// Room for any message of the tests, so that one read takes one message.
const pieceRoom = 1 << 16

// endSending ends our direction, where the connection has ends of directions.
func endSending(conn net.Conn) error {
	if halves, has := conn.(interface{ CloseWrite() error }); has {
		return halves.CloseWrite()
	}
	return nil
}

// echoRaw sends back what comes, read by read; a read of "count" asks how much that was.
func echoRaw(conn net.Conn) error {
	defer conn.Close()
	piece := make([]byte, pieceRoom)
	reads, total := 0, 0
	for {
		n, err := conn.Read(piece)
		if err == io.EOF {
			endSending(conn) // which nobody may be there to hear
			return nil
		}
		if err != nil {
			return err
		}
		if string(piece[:n]) == "count" {
			_, err = fmt.Fprintf(conn, "messages %d bytes %d\n", reads, total)
		} else {
			_, err = conn.Write(piece[:n])
		}
		if err != nil {
			return err
		}
		reads++
		total += n
	}
}

// serveRaw echoes every connection.
func (e *endpoint) serveRaw() error {
	return e.acceptAll(func(conn net.Conn) error { return withLimit(func() error { return echoRaw(conn) }) })
}

// sendRaw dials, sends so many pieces of growing length, and reads all of it back; then the other side ends after us, if
// there are ends.
func (e *endpoint) sendRaw(count int) error {
	conn, err := dialAt(e.path)
	if err != nil {
		return err
	}
	defer conn.Close()
	sent, expected := newSource(13, 1<<40), newSource(13, 1<<40)
	for i := 0; i < count; i++ {
		piece := make([]byte, 1+i*307%60000)
		sent.Read(piece)
		if _, err = conn.Write(piece); err != nil {
			return err
		}
		want := make([]byte, len(piece))
		expected.Read(want)
		if _, err = io.ReadFull(conn, piece); err != nil {
			return err
		}
		if string(piece) != string(want) {
			return fmt.Errorf("other bytes came back for piece %d", i)
		}
	}
	if err = endSending(conn); err != nil {
		return err
	}
	if _, halves := conn.(interface{ CloseWrite() error }); halves {
		if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
			return errors.Join(fmt.Errorf("%d bytes instead of the end", n), err)
		}
	}
	return nil
}
