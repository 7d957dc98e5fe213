require 'net/http'

answer = Net::HTTP.post(URI('https://api.payments.example/v1/charges'), '{}', 'Content-Type' => 'application/json')
exit(answer.code == '201')
