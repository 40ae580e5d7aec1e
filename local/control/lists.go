package control

import (
	"net/http"
	"strconv"

	"paddock/internal/cfapi"
	"paddock/local"
)

// A page is a result with what pages through the whole.
type page struct {
	result any
	info   cfapi.ResultInfo
}

// download is an answer that is no envelope: something that was uploaded.
type download struct {
	header http.Header
	body   []byte
}

// defaultPerPage is the length of a page unless the client says otherwise.
const defaultPerPage = 100

// paged returns the page of a list that the query asks for.
func paged[T any](r *http.Request, list []T) (any, error) {
	number, err := queryNumber(r, "page", 1, 1, 1<<30)
	if err != nil {
		return nil, err
	}
	per, err := queryNumber(r, "per_page", defaultPerPage, 1, 1000)
	if err != nil {
		return nil, err
	}
	from := min((number-1)*per, len(list))
	part := append([]T{}, list[from:min(from+per, len(list))]...) // never null
	return page{part, cfapi.ResultInfo{Page: number, PerPage: per, Count: len(part), TotalCount: len(list)}}, nil
}

// queryNumber returns a number of the query within bounds; otherwise is for one
// that is not there.
func queryNumber(r *http.Request, name string, otherwise, least, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, &local.Refusal{Code: cfapi.CodeMalformedBody,
			Message: name + " must be a number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)}
	}
	return n, nil
}
