package cfapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// setBody gives a request its body, which is told about to OnUpload if it is a
// form. The transport may begin anew, as when a kept connection has been closed.
func (c *Client) setBody(req *http.Request, data []byte) {
	req.ContentLength = int64(len(data))
	req.GetBody = func() (io.ReadCloser, error) {
		reader := io.Reader(bytes.NewReader(data))
		if c.OnUpload != nil && strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/") {
			reader = &told{reader: reader, total: int64(len(data)), tell: c.OnUpload}
		}
		return io.NopCloser(reader), nil
	}
	req.Body, _ = req.GetBody()
}

// told tells how much of it has been read.
type told struct {
	reader      io.Reader
	sent, total int64
	tell        func(sent, total int64)
}

func (t *told) Read(p []byte) (int, error) {
	n, err := t.reader.Read(p)
	t.sent += int64(n)
	t.tell(t.sent, t.total)
	return n, err
}
