package config

// readQueues reads the complete entries of producers and consumers.
func readQueues(d *draft, n *node) {
	d.Producers, d.Consumers = nil, nil
	for _, e := range n.get("producers").elements() {
		if name := e.get("binding"); name.text() != "" {
			d.Producers = append(d.Producers, Producer{
				Name: name.text(), Queue: e.get("queue").text(), DeliveryDelay: e.get("delivery_delay").amount(), Location: name.at(),
			})
		}
	}
	for _, e := range n.get("consumers").elements() {
		if queue := e.get("queue"); queue.text() != "" {
			d.Consumers = append(d.Consumers, Consumer{
				Queue: queue.text(), DeadLetterQueue: e.get("dead_letter_queue").text(), Location: queue.at(),
				BatchSize: e.get("max_batch_size").amount(), MaxRetries: e.get("max_retries").amount(),
				MaxConcurrency: e.get("max_concurrency").amount(), BatchTimeout: e.get("max_batch_timeout").amount(),
				RetryDelay: e.get("retry_delay").amount(),
			})
		}
	}
}
