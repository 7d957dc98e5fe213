import java.net.HttpURLConnection;
import java.net.URL;

class Connection {
    public static void main(String[] args) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL("https://api.payments.example/v1/charges").openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.getOutputStream().write("{}".getBytes());
        System.exit(connection.getResponseCode() == 201 ? 0 : 1);
    }
}
