// Requests to the contacts worker with amqp091-go. Usage: go run . [MESSAGE_ID]
//
// AMQP_URL and REQUEST_QUEUE name the broker and the request queue.
package main

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	answerLimit = 10 * time.Second       // how long one attempt waits for its answer
	callLimit   = 60 * time.Second       // how long a call repeats its request
	pause       = 500 * time.Millisecond // between two attempts
)

type Contact struct {
	ClientID    int64  `xml:"client_id,omitempty"`
	FirstName   string `xml:"first_name,omitempty"`
	LastName    string `xml:"last_name,omitempty"`
	Email       string `xml:"email,omitempty"`
	Phone       string `xml:"phone,omitempty"`
	MobilePhone string `xml:"mobile_phone,omitempty"`
}

type Request struct {
	XMLName xml.Name `xml:"request"`
	Method  string   `xml:"method,attr"`
	Contact *Contact `xml:"contact,omitempty"`
}

type Problem struct {
	Code    string `xml:"code"`
	Field   string `xml:"field"`
	Message string `xml:"message"`
}

type Response struct {
	Status    string    `xml:"status,attr"`
	ContactID int64     `xml:"contact_id"`
	Problems  []Problem `xml:"error"`
	Repeated  bool      `xml:"-"` // an earlier copy of the request had taken effect
}

// RequestFailed: the worker refused the request. Sending it again changes nothing.
type RequestFailed struct{ Problems []Problem }

func (f *RequestFailed) Error() string { return fmt.Sprint(f.Problems) }

var (
	// ErrNoAnswer: the outcome is unknown. The same request with the same MessageId is safe, at any later time.
	ErrNoAnswer = errors.New("no answer")
	// ErrNotRoutable: no queue has this name: no worker has ever run, or REQUEST_QUEUE is another one.
	ErrNotRoutable = errors.New("the request queue does not exist")
)

type Contacts struct {
	URL, Queue, AppID string

	connection *amqp.Connection
	channel    *amqp.Channel
	answers    <-chan amqp.Delivery
	returns    <-chan amqp.Return
	closed     <-chan *amqp.Error
}

// Call sends one request document until it is answered. deadline: milliseconds since the epoch, 0: none.
func (c *Contacts) Call(body []byte, messageID string, deadline int64) (*Response, error) {
	message := amqp.Publishing{
		MessageId:     messageID, // the same at every attempt: there is one effect
		AppId:         c.AppID,
		CorrelationId: newID(),
		ReplyTo:       "amq.rabbitmq.reply-to",
		DeliveryMode:  amqp.Persistent,
		Body:          body,
	}
	if deadline != 0 {
		message.Headers = amqp.Table{"deadline": deadline}
	}
	for end := time.Now().Add(callLimit); time.Now().Before(end); time.Sleep(pause) {
		answer, err := c.attempt(message)
		if err == nil {
			return read(answer)
		}
		if errors.Is(err, ErrNotRoutable) {
			return nil, err
		}
		log.Printf("%v; sending %s again", err, messageID)
	}
	return nil, fmt.Errorf("%w to %s", ErrNoAnswer, messageID)
}

// attempt publishes once and waits. After any error but a return the next attempt connects anew.
func (c *Contacts) attempt(message amqp.Publishing) (answer *amqp.Delivery, err error) {
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if c.connection == nil {
		if err = c.connect(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	const mandatory, immediate = true, false
	confirm, err := c.channel.PublishWithDeferredConfirmWithContext(ctx, "", c.Queue, mandatory, immediate, message)
	if err != nil {
		return nil, err
	}
	confirmed := confirm.Done()
	for {
		select {
		case delivery, open := <-c.answers:
			if !open {
				return nil, errors.New("the channel is closed")
			}
			if delivery.CorrelationId == message.CorrelationId {
				return &delivery, nil
			}
		case <-c.returns:
			return nil, ErrNotRoutable
		case <-confirmed:
			if !confirm.Acked() {
				return nil, errors.New("the queue is full")
			}
			confirmed = nil
		case reason := <-c.closed:
			return nil, fmt.Errorf("connection lost (%v)", reason)
		case <-ctx.Done():
			return nil, errors.New("no answer in time")
		}
	}
}

func (c *Contacts) connect() (err error) {
	// A silent broker is noticed after 10 to 20 seconds.
	if c.connection, err = amqp.DialConfig(c.URL, amqp.Config{Heartbeat: 10 * time.Second}); err != nil {
		return err
	}
	c.closed = c.connection.NotifyClose(make(chan *amqp.Error, 1))
	if c.channel, err = c.connection.Channel(); err != nil {
		return err
	}
	if err = c.channel.Confirm(false); err != nil {
		return err
	}
	c.returns = c.channel.NotifyReturn(make(chan amqp.Return, 1))
	c.answers, err = c.channel.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil)
	return err
}

func (c *Contacts) Close() {
	if c.connection != nil {
		_ = c.connection.Close()
	}
	c.connection = nil
}

func read(answer *amqp.Delivery) (*Response, error) {
	var response Response
	if err := xml.Unmarshal(answer.Body, &response); err != nil {
		return nil, err
	}
	if response.Status != "ok" {
		return nil, &RequestFailed{response.Problems}
	}
	response.Repeated, _ = answer.Headers["repeated"].(bool)
	return &response, nil
}

func main() {
	messageID := newID()
	if len(os.Args) > 1 {
		messageID = os.Args[1]
	}
	contacts := &Contacts{
		URL:   setting("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672"),
		Queue: setting("REQUEST_QUEUE", "contacts.requests"),
		AppID: "go-example",
	}
	defer contacts.Close()

	jane := write(Request{Method: "contact.create", Contact: &Contact{
		ClientID: 1, FirstName: "Jane", LastName: "Doe & Söhne", Email: "jane@example.org"}})
	// The second call stands for a program that does not know whether its first one succeeded.
	for range 2 {
		response, err := contacts.Call(jane, messageID, 0)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("created %d repeated=%t\n", response.ContactID, response.Repeated)
	}

	var failed *RequestFailed
	withoutEmail := write(Request{Method: "contact.create", Contact: &Contact{
		ClientID: 1, FirstName: "Jane", LastName: "Doe"}})
	if _, err := contacts.Call(withoutEmail, newID(), 0); !errors.As(err, &failed) {
		log.Fatal("not refused: ", err)
	}
	for _, problem := range failed.Problems {
		fmt.Printf("%s %s: %s\n", problem.Code, problem.Field, problem.Message)
	}

	aSecondAgo := time.Now().Add(-time.Second).UnixMilli()
	if _, err := contacts.Call(write(Request{Method: "contact.list"}), newID(), aSecondAgo); !errors.As(err, &failed) {
		log.Fatal("not expired: ", err)
	}
	fmt.Println(failed.Problems[0].Code)
}

// write makes the document. The library escapes the text.
func write(request Request) []byte {
	document, err := xml.Marshal(request)
	if err != nil {
		log.Fatal(err)
	}
	return append([]byte(xml.Header), document...)
}

func newID() string { return rand.Text() }

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
