package control

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// masked returns a frame as a law-abiding client sends it.
func masked(head byte, payload string) string {
	mask := []byte{0xA1, 0x02, 0xF3, 0x44}
	out := appendFrame(nil, opText, []byte(payload))
	out[0] = head
	out[1] |= 0x80
	body := len(out) - len(payload)
	out = append(out[:body:body], mask...)
	for i := range len(payload) {
		out = append(out, payload[i]^mask[i%4])
	}
	return string(out)
}

// bare returns a frame without a mask.
func bare(head byte, payload string) string {
	out := appendFrame(nil, opText, []byte(payload))
	out[0] = head
	return string(out)
}

// readMessages does what the reader's loop does, without a connection: it
// returns the messages as "op:payload" and the error that ended the stream.
func readMessages(input string) (got []string, err error) {
	r := bufio.NewReader(strings.NewReader(input))
	var m message
	for {
		f, err := readFrame(r, m.room())
		if err != nil {
			return got, err
		}
		if f.op.control() {
			got = append(got, string('0'+rune(f.op))+":"+string(f.payload))
			continue
		}
		complete, err := m.add(f)
		if err != nil {
			return got, err
		}
		if complete {
			got = append(got, string('0'+rune(m.op))+":"+string(m.payload))
			m = message{}
		}
	}
}

func TestFramesRead(t *testing.T) {
	long := strings.Repeat("x", 126)
	longer := strings.Repeat("y", 0x10000)
	tests := []struct {
		name, input string
		want        []string
		code        int   // of the protocol error that must end the stream
		err         error // or this, io.EOF by default
	}{
		{name: "nothing"},
		{name: "masked text", input: masked(0x81, "hello"), want: []string{"1:hello"}},
		{name: "unmasked text, as Wrangler begins", input: bare(0x81, `{"debug":false}`), want: []string{`1:{"debug":false}`}},
		{name: "both in turn", input: bare(0x81, "a") + masked(0x82, "b"), want: []string{"1:a", "2:b"}},
		{name: "empty text", input: masked(0x81, ""), want: []string{"1:"}},
		{name: "16-bit length", input: masked(0x81, long), want: []string{"1:" + long}},
		{name: "64-bit length", input: bare(0x81, longer), want: []string{"1:" + longer}},
		{name: "fragments", input: masked(0x01, "he") + bare(0x00, "ll") + masked(0x80, "o"), want: []string{"1:hello"}},
		{name: "character across fragments", input: masked(0x01, "\xc3") + masked(0x80, "\xa9"), want: []string{"1:é"}},
		{name: "ping between fragments", input: masked(0x01, "a") + masked(0x89, "p") + masked(0x80, "b"), want: []string{"9:p", "1:ab"}},
		{name: "longest control frame", input: masked(0x89, long[:125]), want: []string{"9:" + long[:125]}},
		{name: "largest message", input: bare(0x82, strings.Repeat("z", maxMessage)), want: []string{"2:" + strings.Repeat("z", maxMessage)}},
		{name: "binary need not be UTF-8", input: bare(0x82, "\xff"), want: []string{"2:\xff"}},

		{name: "first reserved bit", input: masked(0xC1, "a"), code: 1002},
		{name: "second reserved bit", input: masked(0xA1, "a"), code: 1002},
		{name: "third reserved bit", input: masked(0x91, "a"), code: 1002},
		{name: "reserved data opcode", input: masked(0x83, "a"), code: 1002},
		{name: "reserved control opcode", input: masked(0x8B, "a"), code: 1002},
		{name: "fragmented ping", input: masked(0x09, "a"), code: 1002},
		{name: "long ping", input: masked(0x89, long), code: 1002},
		{name: "ping with a needlessly wide length", input: "\x89\x7e\x00\x01a", code: 1002},
		{name: "continuation of nothing", input: masked(0x80, "a"), code: 1002},
		{name: "text inside a fragmented text", input: masked(0x01, "a") + masked(0x81, "b"), code: 1002},
		{name: "highest length bit", input: "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", code: 1002},
		{name: "length of 2^63-1", input: "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", code: 1009},
		{name: "too large", input: "\x81\x7f\x00\x00\x00\x00\x00\x10\x00\x01", code: 1009},
		{name: "too large in fragments", input: bare(0x01, strings.Repeat("z", maxMessage)) + bare(0x80, "z"), code: 1009},
		{name: "not UTF-8", input: masked(0x81, "\xff"), code: 1007},
		{name: "half a character at the end", input: masked(0x01, "a") + masked(0x80, "\xc3"), code: 1007},

		{name: "end in the head", input: "\x81", err: io.ErrUnexpectedEOF},
		{name: "end in the length", input: "\x81\x7e\x01", err: io.ErrUnexpectedEOF},
		{name: "end before the mask", input: "\x81\x85", err: io.ErrUnexpectedEOF},
		{name: "end in the payload", input: "\x81\x05abc", err: io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readMessages(tt.input)
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("got %.200q, want %.200q", got, tt.want)
			}
			breach, ok := errors.AsType[*protocolError](err)
			switch {
			case tt.code != 0 && (!ok || breach.code != tt.code):
				t.Errorf("ended with %v, want close code %d", err, tt.code)
			case tt.code == 0 && tt.err == nil && err != io.EOF:
				t.Errorf("ended with %v, want io.EOF", err)
			case tt.err != nil && err != tt.err:
				t.Errorf("ended with %v, want %v", err, tt.err)
			}
		})
	}
}

func TestFramesClosePayload(t *testing.T) {
	for payload, want := range map[string]int{
		"": 1005, "\x03\xe8": 1000, "\x03\xe9bye": 1001, "\x0f\xa0": 4000, "\x03\xf4": 1012,
	} {
		if code, err := closeCode([]byte(payload)); err != nil || code != want {
			t.Errorf("closeCode(%q) = %d, %v, want %d", payload, code, err, want)
		}
	}
	for payload, want := range map[string]int{
		"\x03": 1002, "\x00\x00": 1002, "\x03\xe7": 1002, "\x03\xec": 1002, "\x03\xed": 1002,
		"\x03\xee": 1002, "\x03\xf7": 1002, "\x0b\xb7": 1002, "\x13\x88": 1002, "\x03\xe8\xff": 1007,
	} {
		_, err := closeCode([]byte(payload))
		if breach, ok := errors.AsType[*protocolError](err); !ok || breach.code != want {
			t.Errorf("closeCode(%q): %v, want close code %d", payload, err, want)
		}
	}
	if got := closePayload(closeNoStatus, "lost"); len(got) != 0 {
		t.Errorf("closePayload without status = %q, want nothing", got)
	}
	got := closePayload(closeNormal, strings.Repeat("a", 122)+"é")
	if len(got) != 124 || !utf8.Valid(got[2:]) {
		t.Errorf("a long reason was cut to %d bytes, valid UTF-8: %v; want 124, true", len(got), utf8.Valid(got[2:]))
	}
}

// FuzzFrames checks that no input makes the reader panic, hand out a message
// that it should have refused, or end in an error that has no place in the
// protocol; and that what it accepts survives being written and read again.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(masked(0x81, "hello") + bare(0x81, `{"debug":false}`)))
	f.Add([]byte(masked(0x01, "he") + masked(0x89, "ping") + masked(0x80, "llo") + bare(0x88, "\x03\xe8")))
	f.Add([]byte("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x82\x7e\x00\x02ab\xc1\x00"))
	f.Fuzz(func(t *testing.T, input []byte) {
		got, err := readMessages(string(input))
		if breach, ok := errors.AsType[*protocolError](err); ok {
			if breach.code != closeProtocol && breach.code != closeInvalidText && breach.code != closeTooBig {
				t.Errorf("close code %d", breach.code)
			}
		} else if err != io.EOF && err != io.ErrUnexpectedEOF {
			t.Errorf("ended with %v", err)
		}
		var again bytes.Buffer
		for _, m := range got {
			op, payload := opcode(m[0]-'0'), m[2:]
			if op == opText && !utf8.ValidString(payload) || op.control() && len(payload) > maxControl || len(payload) > maxMessage {
				t.Errorf("accepted %q", m)
			}
			again.Write(appendFrame(nil, op, []byte(payload)))
		}
		second, err := readMessages(again.String())
		if strings.Join(second, "|") != strings.Join(got, "|") || err != io.EOF {
			t.Errorf("written and read again: %q, %v; want %q", second, err, got)
		}
		if code, err := closeCode(input); err == nil && len(input) > 0 {
			if n := int(binary.BigEndian.Uint16(input)); n != code || code < 1000 || code > 4999 {
				t.Errorf("closeCode(%q) = %d", input, code)
			}
		}
	})
}
