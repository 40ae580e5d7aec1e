package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// One real round, with the real engine and a paddock built for it. What it
// measures on a machine that runs other tests is not looked at.
func TestColdstartRuns(t *testing.T) {
	var out, log bytes.Buffer
	c := command(&out, &log)
	c.SetArgs([]string{"coldstart", "--quick", "--rounds", "1", "--without-wrangler", "--json"})
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v in:\n%s", err, &out)
	}
	var names []string
	for _, v := range r.Rows {
		names = append(names, v.Name)
		if v.Missing == "" && (len(v.Samples) != 1 || v.Median <= 0) {
			t.Errorf("%s has the samples %v and the median %v", v.Name, v.Samples, v.Median)
		}
	}
	if got, want := strings.Join(names, ", "), "workerd, dev, dev / workerd, wrangler dev / dev"; got != want {
		t.Errorf("rows are %s; want %s", got, want)
	}
	if last := r.Rows[len(r.Rows)-1]; last.Missing != errWithoutWrangler.Error() {
		t.Errorf("%s is missing because of %q", last.Name, last.Missing)
	}
}

func TestBadCommandLineMeasuresNothing(t *testing.T) {
	for want, args := range map[string][]string{
		`no benchmark "coldstar"; there are:`:   {"coldstar"},
		"--rounds -1 is not a number of rounds": {"--rounds", "-1"},
	} {
		var out, log bytes.Buffer
		c := command(&out, &log)
		c.SetArgs(args)
		err := c.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("bench %v: error %v, want %q", args, err, want)
		}
		if out.Len() > 0 || log.Len() > 0 {
			t.Errorf("bench %v prints %q and %q", args, &out, &log)
		}
	}
}
