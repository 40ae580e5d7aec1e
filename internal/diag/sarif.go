package diag

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// Tool is what a SARIF log says of the program that wrote it.
type Tool struct {
	Name, Version string
	Describe      func(code string) string // a sentence about a code, or ""
}

// WriteSARIF writes a list as a SARIF 2.1.0 log, which GitHub's code scanning
// and many editors read. Relative file names are taken to be relative to the
// root of the repository. A diagnostic without a place is no result, of which
// there is none without one in code scanning, but a notification of the run.
func WriteSARIF(w io.Writer, list List, tool Tool) error {
	run := sarifRun{
		ColumnKind:        "utf16CodeUnits",
		OriginalURIBaseID: map[string]sarifBase{sourceRoot: {sarifText{"The root of the repository."}}},
		Results:           []sarifResult{},
	}
	run.Tool.Driver = sarifDriver{Name: tool.Name, Version: tool.Version, Rules: []sarifRule{}}
	rules := make(map[string]int)
	seen := make(map[string]int)
	failed := false
	for _, d := range list {
		if d.Code == "" {
			d.Code = "other" // a result without a rule is none
		}
		if d.Location.File == "" {
			failed = failed || d.Severity == Error
			run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, notification(d))
			continue
		}
		index, known := rules[d.Code]
		if !known {
			index = len(rules)
			rules[d.Code] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(d.Code, tool))
		}
		r := result(d)
		r.RuleIndex = index
		print := fingerprint(d)
		r.PartialFingerprints = map[string]string{"paddock/v1": fmt.Sprintf("%s:%d", print, seen[print])}
		seen[print]++
		run.Results = append(run.Results, r)
	}
	run.Invocations[0].ExecutionSuccessful = !failed
	return encode(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// sourceRoot is the name that GitHub's documentation uses for it.
const sourceRoot = "%SRCROOT%"

// rule describes a code. Code scanning wants all three texts.
func rule(code string, tool Tool) sarifRule {
	text := code
	if tool.Describe != nil {
		if described := tool.Describe(code); described != "" {
			text = described
		}
	}
	return sarifRule{ID: code, Short: sarifText{text}, Full: sarifText{text}, Help: sarifText{text}}
}

func notification(d Diagnostic) sarifNotification {
	return sarifNotification{Descriptor: sarifReference{d.Code}, Level: d.Severity.String(), Message: sarifText{d.text()}}
}

func result(d Diagnostic) sarifResult {
	text := d.Message
	if d.Hint != "" {
		text += "\n\n" + strings.TrimRight(d.Hint, "\n")
	}
	r := sarifResult{
		RuleID: d.Code, Level: d.Severity.String(), Message: sarifText{text},
		Locations: []sarifLocation{{Physical: physical(d.Location)}},
	}
	for i, other := range d.Related {
		if other.Location.File == "" {
			continue
		}
		r.Related = append(r.Related, sarifLocation{
			ID: i + 1, Message: &sarifText{other.Message}, Physical: physical(other.Location),
		})
	}
	if d.Env != "" {
		r.Properties = &sarifProperties{d.Env}
	}
	return r
}

func physical(l Location) sarifPhysical {
	p := sarifPhysical{Artifact: sarifArtifact{URI: (&url.URL{Path: slashed(l.File)}).String(), BaseID: sourceRoot}}
	if filepath.IsAbs(l.File) {
		path := slashed(l.File)
		if !strings.HasPrefix(path, "/") { // C:/…
			path = "/" + path
		}
		p.Artifact = sarifArtifact{URI: (&url.URL{Scheme: "file", Path: path}).String()}
	}
	p.Region = sarifRegion{StartLine: 1, EndLine: 1} // what is about a file as a whole is shown at its start
	if l.Line > 0 {
		p.Region = sarifRegion{StartLine: l.Line, StartColumn: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn}
	}
	return p
}

// fingerprint is what stays of a diagnostic when other lines of its file
// change, so that it is recognized in the next run.
func fingerprint(d Diagnostic) string {
	text := strings.Join([]string{d.Code, d.Env, slashed(d.Location.File), strings.TrimSpace(d.Location.LineText), d.Message}, "\x00")
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x", sum[:8])
}

// slashed is how formats for other machines write a path.
func slashed(path string) string { return filepath.ToSlash(path) }
