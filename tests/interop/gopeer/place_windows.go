// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"time"

	"github.com/Microsoft/go-winio"
)

// listenAt lets nobody wait for more than a moment before it accepts: go-winio keeps an instance for the pipe's name alone,
// which Windows lets no client have, but Wine does. The first one to come there would wait for ever; so we are that one.
func listenAt(path string, messages bool) (net.Listener, error) {
	listener, err := winio.ListenPipe(path, &winio.PipeConfig{MessageMode: messages, InputBufferSize: 65536, OutputBufferSize: 65536})
	if err != nil {
		return nil, err
	}
	moment := 10 * time.Millisecond
	if conn, err := winio.DialPipe(path, &moment); err == nil {
		conn.Close()
	}
	return listener, nil
}

func dialAt(path string) (net.Conn, error) {
	wait := limit
	return winio.DialPipe(path, &wait)
}
