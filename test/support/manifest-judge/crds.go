package main

// The Prometheus operator's kinds: controller-gen writes their definitions from these types.
import _ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
