<?php
$curl = curl_init('https://api.payments.example/v1/charges');
curl_setopt_array($curl, [CURLOPT_POSTFIELDS => '{}', CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 5]);
curl_exec($curl);
exit(curl_getinfo($curl, CURLINFO_RESPONSE_CODE) === 201 ? 0 : 1);
