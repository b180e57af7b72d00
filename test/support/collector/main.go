// The OTLP receiver of the OpenTelemetry collector, which writes each request of spans as one line of JSON.
// Environment: ENDPOINT (host:port), FILE.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"

	"go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

// lines returns a consumer that appends each request of spans to the file.
func lines(file *os.File) (consumer.Traces, error) {
	var lock sync.Mutex
	marshaler := ptrace.JSONMarshaler{}
	return consumer.NewTraces(func(_ context.Context, traces ptrace.Traces) error {
		line, err := marshaler.MarshalTraces(traces)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		_, err = file.Write(append(line, '\n'))
		return err
	})
}

func start(ctx context.Context, endpoint, path string) (component.Component, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	sink, err := lines(file)
	if err != nil {
		return nil, err
	}
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	config.Protocols.GRPC = configoptional.None[configgrpc.ServerConfig]()
	config.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = endpoint
	settings := receiver.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger:         zap.NewExample(),
			TracerProvider: tracenoop.NewTracerProvider(),
			MeterProvider:  noop.NewMeterProvider(),
		},
	}
	traces, err := factory.CreateTraces(ctx, settings, config, sink)
	if err != nil {
		return nil, err
	}
	return traces, traces.Start(ctx, host{})
}

// host has no extensions.
type host struct{}

func (host) GetExtensions() map[component.ID]component.Component { return nil }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	running, err := start(ctx, os.Getenv("ENDPOINT"), os.Getenv("FILE"))
	if err != nil {
		log.Fatal(err)
	}
	<-ctx.Done()
	if err := running.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}
