module sample.example/sample

go 1.26.0
