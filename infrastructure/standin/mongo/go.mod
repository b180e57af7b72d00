module standin

go 1.25

require github.com/FerretDB/FerretDB/v2 v2.7.0
