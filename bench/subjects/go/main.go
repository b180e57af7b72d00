// Command go-subject is a consumer in plain Go: a goroutine for each delivery, one channel for
// deliveries, one for confirmed answers.
package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

const (
	prefetch = 256
	poolSize = 32
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	if err := run(); err != nil {
		slog.Error("the subject failed", "error", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	db, err := database(os.Getenv("MONGODB_URL"))
	if err != nil {
		return err
	}
	defer db.Client().Disconnect(context.Background())
	contacts := NewContacts(db)
	if err := contacts.Prepare(ctx); err != nil {
		return err
	}
	consuming, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		return err
	}
	defer consuming.Close()
	publishing, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		return err
	}
	defer publishing.Close()
	replies, err := publishing.Channel()
	if err != nil {
		return err
	}
	if err := replies.Confirm(false); err != nil {
		return err
	}
	requests, err := consuming.Channel()
	if err != nil {
		return err
	}
	deliveries, err := consume(requests, os.Getenv("REQUEST_QUEUE"))
	if err != nil {
		return err
	}
	if err := serveReadiness(); err != nil {
		return err
	}
	consumer := &Consumer{contacts: contacts, replies: replies}
	return consumer.run(ctx, deliveries)
}

func database(url string) (*mongo.Database, error) {
	parsed, err := connstring.ParseAndValidate(url)
	if err != nil {
		return nil, err
	}
	journal := true
	client, err := mongo.Connect(options.Client().ApplyURI(url).SetMaxPoolSize(poolSize).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal}).
		SetReadConcern(readconcern.Majority()))
	if err != nil {
		return nil, err
	}
	return client.Database(parsed.Database), nil
}

func consume(channel *amqp.Channel, queue string) (<-chan amqp.Delivery, error) {
	arguments := amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum}
	if _, err := channel.QueueDeclare(queue, true, false, false, false, arguments); err != nil {
		return nil, err
	}
	if err := channel.Qos(prefetch, 0, false); err != nil {
		return nil, err
	}
	return channel.Consume(queue, "", false, false, false, false, nil)
}

func serveReadiness() error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("HTTP_PORT"))
	if err != nil {
		return err
	}
	ready := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	go http.Serve(listener, ready)
	return nil
}

// Consumer answers requests.
type Consumer struct {
	contacts *Contacts
	replies  *amqp.Channel
}

// run handles deliveries until the context ends, and then waits for those in flight.
func (c *Consumer) run(ctx context.Context, deliveries <-chan amqp.Delivery) error {
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case delivery, open := <-deliveries:
			if !open {
				return amqp.ErrClosed
			}
			inFlight.Go(func() { c.handle(context.WithoutCancel(ctx), delivery) })
		}
	}
}

// handle answers one request and acknowledges it once the broker has confirmed the answer.
func (c *Consumer) handle(ctx context.Context, delivery amqp.Delivery) {
	started := time.Now()
	status, err := c.answer(ctx, delivery)
	if err != nil {
		slog.Error("not answered", "request", delivery.CorrelationId, "error", err)
		delivery.Nack(false, true)
		return
	}
	if err := delivery.Ack(false); err != nil {
		slog.Error("not acknowledged", "request", delivery.CorrelationId, "error", err)
	}
	slog.Info("request", "request", delivery.CorrelationId, "status", status,
		"ms", float64(time.Since(started).Microseconds())/1000)
}

func (c *Consumer) answer(ctx context.Context, delivery amqp.Delivery) (status string, err error) {
	response, err := c.contacts.Execute(ctx, delivery.Body)
	if err != nil {
		return "", err
	}
	body, err := response.Document()
	if err != nil {
		return "", err
	}
	confirmation, err := c.replies.PublishWithDeferredConfirmWithContext(ctx, "", delivery.ReplyTo, true, false,
		amqp.Publishing{
			DeliveryMode:  amqp.Persistent,
			ContentType:   "application/xml",
			CorrelationId: delivery.CorrelationId,
			Headers:       amqp.Table{"status": response.Status},
			Body:          body,
		})
	if err != nil {
		return "", err
	}
	confirmed, err := confirmation.WaitContext(ctx)
	if err == nil && !confirmed {
		err = errNotConfirmed
	}
	return response.Status, err
}
