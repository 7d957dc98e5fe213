<?php
$context = stream_context_create(['http' => ['method' => 'POST', 'content' => '{}', 'timeout' => 5]]);
$answer = @file_get_contents('https://api.payments.example/v1/charges', false, $context);
exit($answer !== false && str_contains($http_response_header[0], ' 201 ') ? 0 : 1);
