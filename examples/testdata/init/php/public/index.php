<?php
$answer = @file_get_contents(getenv('GEO_API_URL') . '/places');
if ($answer === false) {
    http_response_code(503); // and nothing says when to come again
}
echo $answer;
