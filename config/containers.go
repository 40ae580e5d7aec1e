package config

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"paddock/internal/diag"
)

// managed is the scheduling policy of containers that a Durable Object starts
// and stops by itself.
const managed = "durable_object"

func checkContainer(c *checker, n *node) {
	if n.get("scheduling_policy").text() == managed {
		if n.get("images") == nil {
			c.errorf("missing-field", n.at(), "%q is a required field", n.path()+".images")
		}
	} else if n.get("image").text() == "" && n.get("configuration").get("image").text() == "" {
		c.report(diag.Errorf("missing-field", n.at(), "\"containers.image\" field must be defined for each container app").
			WithHint("It is the path of your Dockerfile, or an image with its tag."))
	}
	checkImage(c, n.get("image"))
	if n.get("name").text() == "" && n.get("class_name") == nil && n.get("durable_objects") == nil {
		c.errorf("missing-field", n.at(), "\"containers.name\" is required when \"containers.class_name\" is not defined")
	}
	steps, most := n.get("rollout_step_percentage"), n.get("max_instances")
	if steps.is(kindArray) && most.is(kindNumber) && float64(len(steps.list)) > most.number() {
		c.report(diag.Errorf("out-of-range", steps.at(), "\"containers.rollout_step_percentage\" cannot have more steps (%d) than \"max_instances\" (%s)", len(steps.list), most.quote()).
			WithRelated("max_instances is here", most.at()))
	}
}

// checkImage looks at the path of a Dockerfile or the reference of an image.
func checkImage(c *checker, n *node) {
	image := n.text()
	switch {
	case image == "":
	case strings.Contains(image, "://"):
		c.report(diag.Errorf("bad-value", n.at(), "Image reference %s should not include the protocol part", n.quote()).
			WithHint("Write %q.", image[strings.Index(image, "://")+len("://"):]))
	case !strings.Contains(image, ":") && !c.file.exists(image):
		c.report(diag.Errorf("bad-value", n.at(), "The image %s does not appear to be a valid path to a Dockerfile, or a valid image registry path", n.quote()).
			WithHint("If this is an image registry path, it needs to include at least a tag ':' (e.g: docker.io/httpd:1)."))
	}
}

// exists says whether there is a file at a path that is relative to the
// configuration.
func (f *File) exists(path string) bool {
	if path = filepath.FromSlash(path); !filepath.IsAbs(path) {
		path = filepath.Join(f.Dir, path)
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func checkContainerObservability(c *checker, n *node) {
	on, logs := n.get("enabled"), n.get("logs").get("enabled")
	share, count := n.get("target_instance_percentage"), n.get("target_instance_count")
	switch target := cmp.Or(share, count); {
	case on == nil && logs == nil && target == nil:
		c.errorf("missing-field", n.at(), "\"containers.observability.enabled\" or \"containers.observability.logs.enabled\" is required")
	case on.is(kindBool) && logs.is(kindBool) && on.truth() != logs.truth():
		c.report(diag.Errorf("exclusive-fields", logs.at(), "%q and %q cannot be set to different values", on.path(), logs.path()).
			WithRelated("the other one is here", on.at()))
	case share != nil && count != nil:
		c.report(diag.Errorf("exclusive-fields", count.keyAt(), "%q and %q cannot both be set", share.path(), count.path()).
			WithRelated("the other one is here", share.keyAt()))
	case target != nil && !on.truth() && !logs.truth():
		c.errorf("missing-field", target.keyAt(), "%q requires %q or %q to be true", target.path(), n.path()+".enabled", n.path()+".logs.enabled")
	}
}

func checkContainers(c *checker, n *node) {
	names, classes := make(map[string]*node), make(map[string]*node)
	once := func(seen map[string]*node, e *node, message string) {
		switch before := seen[e.text()]; {
		case e.text() == "":
		case before != nil:
			c.report(diag.Errorf("duplicate-container", e.at(), message, e.quote()).WithRelated("the first one is here", before.at()))
		default:
			seen[e.text()] = e
		}
	}
	for _, e := range n.elements() {
		once(names, e.get("name"), "Container names must be unique; %s stands twice")
		once(classes, e.get("class_name"), "More than one container is attached to the Durable Object class %s")
	}
}

// finishContainers holds containers and the classes that they belong to
// against each other. The link is written at one end.
func (r *resolver) finishContainers(c *checker, d *draft) {
	linked, named := make(map[string]bool), make(map[string]bool)
	for _, e := range d.exports.fields() {
		linked[e.get("container").text()] = true
	}
	for _, e := range d.containers.elements() {
		name := e.get("name")
		named[name.text()] = true
		if name.text() == "" && e.get("class_name").text() != "" && d.Name == "" {
			c.errorf("missing-field", e.at(), "Must have either a top level \"name\" and \"containers.class_name\" field defined, or have field \"containers.name\" defined")
		}
		if e.is(kindTable) && name.text() != "" && e.get("class_name") == nil && e.get("durable_objects") == nil && !linked[name.text()] {
			c.report(diag.Errorf("unlinked-container", name.at(), "The container %s is not linked to a Durable Object", name.quote()).
				WithHint("Set \"class_name\", or name the container in the class's entry of \"exports\"."))
		}
	}
	for _, e := range d.exports.fields() {
		if container := e.get("container"); container.text() != "" && !named[container.text()] {
			c.errorf("unlinked-container", container.at(), "%q names a container that \"containers\" does not have: %s", container.path(), container.quote())
		}
	}
}

// checkRollout looks at the one step of a rollout, or at its list of steps.
func checkRollout(c *checker, n *node) {
	const name = "\"containers.rollout_step_percentage\""
	if n.is(kindNumber) {
		if !slices.Contains([]float64{5, 10, 20, 25, 50, 100}, n.number()) {
			c.errorf("out-of-range", n.at(), name+" must be one of [5, 10, 20, 25, 50, 100], but got %s", n.quote())
		}
		return
	}
	last := 0.0
	for i, e := range n.elements() {
		if !e.is(kindNumber) {
			continue
		}
		switch v := e.number(); {
		case v < 10 || v > 100:
			c.errorf("out-of-range", e.at(), name+" array elements must be between 10 and 100, but got %s", e.quote())
		case v < last:
			c.errorf("out-of-range", e.at(), name+" array elements must be in ascending order, but got %s", n.quote())
		case i == len(n.list)-1 && v != 100:
			c.errorf("out-of-range", e.at(), "The final step in "+name+" must be 100, but got %s", e.quote())
		}
		last = max(last, e.number())
	}
}

func checkCloudchamber(c *checker, n *node) {
	if size := n.get("instance_type"); size != nil {
		for _, key := range []string{"memory", "vcpu"} {
			if other := n.get(key); other != nil {
				c.report(diag.Errorf("exclusive-fields", other.keyAt(), "%q cannot be set together with \"instance_type\"", other.path()).
					WithRelated("the other one is here", size.keyAt()))
			}
		}
	}
}
