package config

var container = shape{kinds: kindTable, fields: containerKeys, check: checkContainer}

var instanceTypes = []string{"dev", "basic", "standard", "lite", "standard-1", "standard-2", "standard-3", "standard-4"}

var containerKeys = []*field{
	{name: "name", shape: &aText, def: "<script>-<class>", doc: "Name of the application."},
	{name: "class_name", shape: &aText, doc: "Durable Object class that the container belongs to."},
	{name: "image", shape: &aText, doc: "Path of a Dockerfile, or an image with its tag."},
	{name: "images", shape: &shape{kinds: kindTable, values: &containerImage}, since: "4.164", doc: "Images by name, for containers that a Durable Object manages."},
	{name: "image_build_context", shape: &aPath, doc: "Folder that the image is built from."},
	{name: "image_vars", shape: &textMap, doc: "Variables for the build of the image."},
	{name: "max_instances", shape: &shape{kinds: kindNumber, max: unlimited}, doc: "Most instances."},
	{name: "instance_type", shape: &shape{kinds: kindString | kindTable, enum: instanceTypes, fields: instanceFields}, def: "dev", doc: "Size of the instances."},
	{name: "scheduling_policy", shape: &shape{kinds: kindString, enum: []string{"default", "durable_object", "moon", "regional"}}, def: "default", doc: "How places for instances are chosen."},
	{name: "observability", shape: &shape{kinds: kindTable, fields: containerObservability, check: checkContainerObservability}, doc: "What is collected of the instances."},
	{name: "ssh", shape: &shape{kinds: kindTable, fields: sshFields}, doc: "Access by SSH."},
	{name: "authorized_keys", shape: &shape{kinds: kindArray, elem: &namedKey}, doc: "Keys that may log in."},
	{name: "trusted_user_ca_keys", shape: &shape{kinds: kindArray, elem: &caKey}, doc: "Authorities whose keys may log in."},
	{name: "constraints", shape: &shape{kinds: kindTable, open: true, fields: constraintFields}, doc: "Where instances may run."},
	{name: "affinities", shape: &anyMap, doc: "What instances should be close to."},
	{name: "rollout_step_percentage", shape: &shape{kinds: kindNumber | kindArray, elem: &aNumber, check: checkRollout}, doc: "How much of the instances each step of a rollout replaces."},
	{name: "rollout_kind", shape: &shape{kinds: kindString, enum: []string{"full_auto", "full_manual", "none"}}, doc: "Whether a rollout goes on by itself."},
	{name: "rollout_active_grace_period", shape: &shape{kinds: kindNumber, max: unlimited}, doc: "Seconds that an active instance is left before it is replaced."},
	{name: "unsafe", shape: &anyMap, doc: "Settings that Wrangler does not know."},
	{name: "instances", shape: &aNumber, deprecated: `Use "max_instances" instead.`, doc: "Old form of max_instances."},
	{name: "durable_objects", shape: &anyMap, deprecated: `Use the "class_name" field instead.`, doc: "Old form of class_name."},
	{name: "configuration", shape: &shape{kinds: kindTable, fields: containerConfiguration}, deprecated: `Use the fields of "containers" instead.`, doc: "Old form of image and instance_type."},
	{name: "wrangler_ssh", shape: &shape{kinds: kindTable, fields: sshFields}, deprecated: `Use "ssh" instead.`, doc: "Old name of ssh."},
}

var containerImage = shape{kinds: kindTable, fields: containerImageFields}

var containerImageFields = []*field{
	{name: "image", shape: &aText, doc: "An image with its tag."},
	{name: "dockerfile", shape: &aPath, doc: "Path of a Dockerfile."},
	{name: "build_context", shape: &aPath, doc: "Folder that the image is built from."},
	{name: "build_vars", shape: &textMap, doc: "Variables for the build of the image."},
}

var instanceFields = []*field{
	{name: "vcpu", shape: &aNumber, doc: "Processors."},
	{name: "memory_mib", shape: &aNumber, doc: "Memory."},
	{name: "disk_mb", shape: &aNumber, doc: "Disk."},
}

var containerObservability = []*field{
	{name: "enabled", shape: &aBool, doc: "Whether anything is collected."},
	{name: "logs", shape: &shape{kinds: kindTable, fields: enabledFields}, doc: "Logs."},
	{name: "target_instance_percentage", shape: &shape{kinds: kindNumber, whole: true, min: 1, max: 99}, since: "4.164", doc: "From how many of a hundred instances."},
	{name: "target_instance_count", shape: &shape{kinds: kindNumber, whole: true, min: 1, max: unlimited}, since: "4.164", doc: "From how many instances."},
}

var enabledFields = []*field{
	{name: "enabled", shape: &aBool, doc: "Whether they are collected."},
}

var sshFields = []*field{
	{name: "enabled", must: true, shape: &aBool, doc: "Whether one can log in."},
	{name: "port", shape: &shape{kinds: kindNumber, whole: true, min: 1, max: 65535}, def: "22", doc: "Port of the server."},
}

var (
	namedKey = shape{kinds: kindTable, fields: namedKeyFields}
	caKey    = shape{kinds: kindTable, fields: caKeyFields}
)

var namedKeyFields = []*field{
	{name: "name", must: true, shape: &aText, doc: "Name of the key."},
	{name: "public_key", must: true, shape: &aText, doc: "The key, of type ED25519."},
}

var caKeyFields = []*field{
	{name: "name", shape: &aText, doc: "Name of the key."},
	{name: "public_key", must: true, shape: &aText, doc: "The key, of type ED25519."},
}

var (
	region = shape{kinds: kindString}
	tiers  = shape{kinds: kindArray}
)

var constraintFields = []*field{
	{name: "regions", shape: &shape{kinds: kindArray, elem: &region}, doc: "Regions, such as ENAM or WEUR."},
	{name: "jurisdiction", shape: &aText, doc: "Jurisdiction."},
	{name: "tiers", shape: &tiers, doc: "Tiers of locations."},
}

var containerConfiguration = []*field{
	{name: "image", shape: &aText, doc: "Image."},
	{name: "secrets", shape: &anyJSON, doc: "Secrets."},
	{name: "labels", shape: &anyJSON, doc: "Labels."},
	{name: "disk", shape: &anyJSON, doc: "Disk."},
	{name: "vcpu", shape: &aNumber, doc: "Processors."},
	{name: "memory_mib", shape: &aNumber, doc: "Memory."},
}
