package bench;

/** The caller's fault. */
class RequestException extends RuntimeException {
    final String code;

    RequestException(String code, String message) {
        super(message, null, false, false);
        this.code = code;
    }

    static RequestException invalid(String message) {
        return new RequestException("INVALID_PARAMS", message);
    }

    static RequestException notFound() {
        return new RequestException("NOT_FOUND", "there is no such contact");
    }
}
