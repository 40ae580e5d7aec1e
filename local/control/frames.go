package control

// The WebSocket server of tails. The usual Go packages cannot be it: the one
// data frame that Wrangler sends at the start of a tail is not masked, which
// RFC 6455 forbids and those packages answer with close code 1002. Apart from
// accepting such frames this is a strict server: frames.go reads and writes
// frames and puts messages together, frames_handshake.go does the upgrade,
// frames_socket.go has the connection with its timeouts and its close.

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"
)

type opcode byte

const (
	opContinuation opcode = 0x0
	opText         opcode = 0x1
	opBinary       opcode = 0x2
	opClose        opcode = 0x8
	opPing         opcode = 0x9
	opPong         opcode = 0xA
)

func (op opcode) control() bool { return op&0x8 != 0 }

// Close codes.
const (
	closeNormal      = 1000
	closeGoingAway   = 1001
	closeProtocol    = 1002
	closeNoStatus    = 1005 // never sent: stands for a close frame without a code
	closeInvalidText = 1007
	closeTooBig      = 1009
)

const (
	maxControl = 125
	maxMessage = 1 << 20
)

// protocolError is a peer's breach of the protocol and the close code that it
// is answered with.
type protocolError struct {
	code    int
	message string
}

func (e *protocolError) Error() string { return e.message }

func breach(format string, args ...any) *protocolError {
	return &protocolError{code: closeProtocol, message: fmt.Sprintf(format, args...)}
}

type frame struct {
	fin     bool
	op      opcode
	payload []byte
}

// readFrame reads one frame, masked or not. A frame whose payload is longer
// than room is refused before anything is allocated for it. An io.EOF means
// that the stream ended between two frames.
func readFrame(r *bufio.Reader, room int) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:1]); err != nil {
		return frame{}, err
	}
	if err := readAll(r, head[1:]); err != nil {
		return frame{}, err
	}
	f := frame{fin: head[0]&0x80 != 0, op: opcode(head[0] & 0x0F)}
	if err := checkHead(f, head); err != nil {
		return frame{}, err
	}
	length, err := readLength(r, head[1]&0x7F)
	if err != nil {
		return frame{}, err
	}
	if !f.op.control() && length > uint64(room) {
		return frame{}, &protocolError{code: closeTooBig, message: fmt.Sprintf("message is larger than %d bytes", maxMessage)}
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if err := readAll(r, mask[:]); err != nil {
			return frame{}, err
		}
	}
	f.payload = make([]byte, length)
	if err := readAll(r, f.payload); err != nil {
		return frame{}, err
	}
	for i := range f.payload {
		f.payload[i] ^= mask[i&3] // all zero when there is no mask
	}
	return f, nil
}

// checkHead refuses what RFC 6455 reserves. No extension is ever negotiated, so
// the reserved bits (compression uses one) must be clear.
func checkHead(f frame, head [2]byte) error {
	switch {
	case head[0]&0x70 != 0:
		return breach("reserved bits are set")
	case f.op > opBinary && f.op < opClose, f.op > opPong:
		return breach("opcode %d is reserved", f.op)
	case f.op.control() && !f.fin:
		return breach("control frame is fragmented")
	case f.op.control() && head[1]&0x7F > maxControl:
		return breach("control frame is longer than %d bytes", maxControl)
	}
	return nil
}

// readLength reads the longer forms of a payload's length.
func readLength(r *bufio.Reader, short byte) (uint64, error) {
	var wide [8]byte
	switch short {
	case 126:
		err := readAll(r, wide[6:])
		return binary.BigEndian.Uint64(wide[:]), err
	case 127:
		if err := readAll(r, wide[:]); err != nil {
			return 0, err
		}
		length := binary.BigEndian.Uint64(wide[:])
		if length>>63 != 0 {
			return 0, breach("length has its highest bit set")
		}
		return length, nil
	}
	return uint64(short), nil
}

// readAll fills buf; an end inside a frame is never a clean one.
func readAll(r io.Reader, buf []byte) error {
	_, err := io.ReadFull(r, buf)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// message collects the fragments of one text or binary message.
type message struct {
	op      opcode // opContinuation: nothing begun
	payload []byte
}

// room is how many bytes the next frame may have.
func (m *message) room() int { return maxMessage - len(m.payload) }

// add takes a data frame and reports whether the message is complete; the next
// add begins a new one.
func (m *message) add(f frame) (done bool, err error) {
	switch {
	case f.op == opContinuation && m.op == opContinuation:
		return false, breach("continuation of no message")
	case f.op != opContinuation && m.op != opContinuation:
		return false, breach("new message inside a fragmented one")
	case f.op != opContinuation:
		m.op = f.op
	}
	m.payload = append(m.payload, f.payload...)
	if f.fin && m.op == opText && !utf8.Valid(m.payload) {
		return false, &protocolError{code: closeInvalidText, message: "text message is not UTF-8"}
	}
	return f.fin, nil
}

// appendFrame appends a whole, unmasked frame, as servers send them.
func appendFrame(buf []byte, op opcode, payload []byte) []byte {
	buf = append(buf, 0x80|byte(op))
	switch n := len(payload); {
	case n <= maxControl:
		buf = append(buf, byte(n))
	case n <= 0xFFFF:
		buf = binary.BigEndian.AppendUint16(append(buf, 126), uint16(n))
	default:
		buf = binary.BigEndian.AppendUint64(append(buf, 127), uint64(n))
	}
	return append(buf, payload...)
}

// closePayload makes the payload of a close frame; a reason that is too long is
// cut between two characters.
func closePayload(code int, reason string) []byte {
	if code == closeNoStatus {
		return nil
	}
	if limit := maxControl - 2; len(reason) > limit {
		for !utf8.RuneStart(reason[limit]) {
			limit--
		}
		reason = reason[:limit]
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// closeCode reads the payload of a close frame.
func closeCode(payload []byte) (int, error) {
	switch {
	case len(payload) == 0:
		return closeNoStatus, nil
	case len(payload) == 1:
		return 0, breach("close frame with half a code")
	case !utf8.Valid(payload[2:]):
		return 0, &protocolError{code: closeInvalidText, message: "close reason is not UTF-8"}
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case code >= 3000 && code <= 4999, code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return code, nil
	}
	return 0, breach("close code %d is reserved", code)
}
