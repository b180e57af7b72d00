package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	maxLength = 255
	maxID     = 1<<53 - 1
)

var (
	errNotConfirmed = errors.New("the broker refused the answer")
	errNoContact    = &RequestError{"NOT_FOUND", "there is no such contact"}
)

// RequestError is the caller's fault.
type RequestError struct{ Code, Message string }

func (e *RequestError) Error() string { return e.Message }

func invalid(message string) error { return &RequestError{"INVALID_PARAMS", message} }

// Stored is a contact as it is stored.
type Stored struct {
	ID          int64  `bson:"_id"`
	ClientID    int64  `bson:"client_id"`
	FirstName   string `bson:"first_name"`
	LastName    string `bson:"last_name"`
	Email       string `bson:"email"`
	Phone       string `bson:"phone,omitempty"`
	MobilePhone string `bson:"mobile_phone,omitempty"`
}

// Contacts runs one database operation for each request.
type Contacts struct{ contacts, counters *mongo.Collection }

func NewContacts(db *mongo.Database) *Contacts {
	return &Contacts{contacts: db.Collection("contacts"), counters: db.Collection("counters")}
}

// Prepare creates the indexes and the counter.
func (c *Contacts) Prepare(ctx context.Context) error {
	_, err := c.contacts.Indexes().CreateMany(ctx, []mongo.IndexModel{
		{Keys: bson.D{{Key: "client_id", Value: 1}, {Key: "_id", Value: 1}}},
		{Keys: bson.D{{Key: "email", Value: 1}, {Key: "_id", Value: 1}}},
	})
	if err != nil {
		return err
	}
	_, err = c.counters.UpdateOne(ctx, bson.D{{Key: "_id", Value: "contact"}},
		bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "next", Value: int64(1)}}}}, options.UpdateOne().SetUpsert(true))
	return err
}

// Execute answers a request. The error is a defect; the caller's faults are answers.
func (c *Contacts) Execute(ctx context.Context, body []byte) (Response, error) {
	request, err := ReadRequest(body)
	if err != nil {
		return faultOr(err)
	}
	var response Response
	switch request.Method {
	case "contact.create":
		response, err = c.create(ctx, request)
	case "contact.get":
		response, err = c.get(ctx, request)
	case "contact.update":
		response, err = c.update(ctx, request)
	case "contact.delete":
		response, err = c.delete(ctx, request)
	case "contact.list":
		response, err = c.list(ctx, request)
	default:
		err = &RequestError{"UNKNOWN_METHOD", "there is no such method"}
	}
	if err != nil {
		return faultOr(err)
	}
	response.Status = "ok"
	return response, nil
}

func (c *Contacts) create(ctx context.Context, request Request) (Response, error) {
	fields := request.Contact
	client, err := idOf(fields.ClientID, "client_id")
	if err != nil {
		return Response{}, err
	}
	texts, err := fields.texts()
	if err != nil {
		return Response{}, err
	}
	stored := Stored{ClientID: client}
	for _, text := range texts {
		switch value := text.Value.(string); text.Key {
		case "first_name":
			stored.FirstName = value
		case "last_name":
			stored.LastName = value
		case "email":
			stored.Email = value
		case "phone":
			stored.Phone = value
		case "mobile_phone":
			stored.MobilePhone = value
		}
	}
	if stored.FirstName == "" || stored.LastName == "" || stored.Email == "" {
		return Response{}, invalid("a field is missing")
	}
	var counter struct{ Next int64 }
	err = c.counters.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: "contact"}},
		bson.D{{Key: "$inc", Value: bson.D{{Key: "next", Value: int64(1)}}}}).Decode(&counter)
	if err != nil {
		return Response{}, err
	}
	stored.ID = counter.Next
	if _, err := c.contacts.InsertOne(ctx, stored); err != nil {
		return Response{}, err
	}
	return Response{ContactID: stored.ID}, nil
}

func (c *Contacts) get(ctx context.Context, request Request) (Response, error) {
	id, err := idOf(request.ContactID, "contact_id")
	if err != nil {
		return Response{}, err
	}
	var stored Stored
	err = c.contacts.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&stored)
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = errNoContact
	}
	return Response{Contacts: []Answered{answered(stored)}}, err
}

func (c *Contacts) update(ctx context.Context, request Request) (Response, error) {
	id, err := idOf(request.Contact.ContactID, "contact_id")
	if err != nil {
		return Response{}, err
	}
	texts, err := request.Contact.texts()
	if err != nil {
		return Response{}, err
	}
	updated, err := c.contacts.UpdateOne(ctx, bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$set", Value: texts}})
	if err == nil && updated.MatchedCount == 0 {
		err = errNoContact
	}
	return Response{}, err
}

func (c *Contacts) delete(ctx context.Context, request Request) (Response, error) {
	id, err := idOf(request.ContactID, "contact_id")
	if err != nil {
		return Response{}, err
	}
	deleted, err := c.contacts.DeleteOne(ctx, bson.D{{Key: "_id", Value: id}})
	if err == nil && deleted.DeletedCount == 0 {
		err = errNoContact
	}
	return Response{}, err
}

func (c *Contacts) list(ctx context.Context, request Request) (Response, error) {
	client, err := idOf(request.ClientID, "client_id")
	if err != nil {
		return Response{}, err
	}
	page, err := numberOr(request.Page, 1, "page")
	if err != nil {
		return Response{}, err
	}
	perPage, err := numberOr(request.PerPage, 25, "per_page")
	if err != nil {
		return Response{}, err
	}
	wanted := options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetSkip((page - 1) * perPage).SetLimit(perPage)
	found, err := c.contacts.Find(ctx, bson.D{{Key: "client_id", Value: client}}, wanted)
	if err != nil {
		return Response{}, err
	}
	var stored []Stored
	if err := found.All(ctx, &stored); err != nil {
		return Response{}, err
	}
	contacts := make([]Answered, len(stored))
	for i := range stored {
		contacts[i] = answered(stored[i])
	}
	return Response{Contacts: contacts}, nil
}

// texts returns the given fields, trimmed.
func (f Fields) texts() (bson.D, error) {
	given := bson.D{}
	for _, field := range []struct {
		name string
		text *string
	}{
		{"first_name", f.FirstName}, {"last_name", f.LastName}, {"email", f.Email},
		{"phone", f.Phone}, {"mobile_phone", f.MobilePhone},
	} {
		if field.text == nil {
			continue
		}
		// Lengths count as those of the worker do.
		if len(*field.text) > maxLength && len(utf16.Encode([]rune(*field.text))) > maxLength {
			return nil, invalid(field.name + " is too long")
		}
		given = append(given, bson.E{Key: field.name, Value: strings.TrimSpace(*field.text)})
	}
	return given, nil
}

func idOf(text *string, name string) (int64, error) {
	if text == nil {
		return 0, invalid(name + " is not an id")
	}
	return numberOr(text, 0, name)
}

func numberOr(text *string, otherwise int64, name string) (int64, error) {
	if text == nil {
		return otherwise, nil
	}
	number, err := strconv.ParseInt(*text, 10, 64)
	if err != nil || number < 1 || number > maxID {
		return 0, invalid(name + " is not a number above 0")
	}
	return number, nil
}
