package main

import (
	"encoding/xml"
	"errors"
)

// Fields are the elements of a request or of its contact; nil where one is missing.
type Fields struct {
	ContactID   *string `xml:"contact_id"`
	ClientID    *string `xml:"client_id"`
	Page        *string `xml:"page"`
	PerPage     *string `xml:"per_page"`
	FirstName   *string `xml:"first_name"`
	LastName    *string `xml:"last_name"`
	Email       *string `xml:"email"`
	Phone       *string `xml:"phone"`
	MobilePhone *string `xml:"mobile_phone"`
}

type Request struct {
	XMLName xml.Name `xml:"request"`
	Method  string   `xml:"method,attr"`
	Contact Fields   `xml:"contact"`
	Fields
}

// ReadRequest reads a request; its errors are RequestErrors.
func ReadRequest(body []byte) (Request, error) {
	var request Request
	if err := xml.Unmarshal(body, &request); err != nil {
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			return request, &RequestError{"MALFORMED_XML", "the request is not well-formed"}
		}
		return request, &RequestError{"INVALID_REQUEST", "this is no request"}
	}
	if request.Method == "" {
		return request, &RequestError{"INVALID_REQUEST", "this is no request"}
	}
	return request, nil
}

// Response is an answer's document.
type Response struct {
	XMLName   xml.Name   `xml:"response"`
	Status    string     `xml:"status,attr"`
	Error     *Fault     `xml:"error"`
	ContactID int64      `xml:"contact_id,omitempty"`
	Contacts  []Answered `xml:"contact"`
}

type Fault struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

// Answered is a contact in an answer; a missing text is an empty element.
type Answered struct {
	ContactID   int64  `xml:"contact_id"`
	FirstName   string `xml:"first_name"`
	LastName    string `xml:"last_name"`
	Email       string `xml:"email"`
	Phone       string `xml:"phone"`
	MobilePhone string `xml:"mobile_phone"`
}

func answered(s Stored) Answered {
	return Answered{s.ID, s.FirstName, s.LastName, s.Email, s.Phone, s.MobilePhone}
}

// faultOr returns the answer to the caller's fault, or the error where it is none.
func faultOr(err error) (Response, error) {
	var fault *RequestError
	if !errors.As(err, &fault) {
		return Response{}, err
	}
	return Response{Status: "fail", Error: &Fault{fault.Code, fault.Message}}, nil
}

// Document returns the response as XML.
func (r Response) Document() ([]byte, error) {
	text, err := xml.Marshal(r)
	return append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), text...), err
}
