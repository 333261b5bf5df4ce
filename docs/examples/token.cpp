// The present access token for a C++17 program, with no library but the system's. A thread keeps it up to date.
//
//   g++ -std=c++17 -O2 -pthread -o token token.cpp
//   ./token            prints the token, for $(...)
//   ./token --follow   prints a line for each new one, for ever
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

struct Token {
  std::string access_token;
  long long expires_at = 0;  // seconds since 1970; 0: unknown
  long long generation = 0;

  bool valid() const { return !access_token.empty() && (expires_at == 0 || std::time(nullptr) < expires_at); }
};

// $TOKEN_RECEIVER_API_SOCKET_PATH, else the machine's receiver, else one of this user.
std::string socket_path() {
  const char* named = std::getenv("TOKEN_RECEIVER_API_SOCKET_PATH");
  if (named != nullptr && *named != '\0') return named;
  const std::string machine = "/run/token-receiver/api.sock";
  struct stat found;
  if (stat(machine.c_str(), &found) == 0) return machine;
  const char* session = std::getenv("XDG_RUNTIME_DIR");
  if (session != nullptr && *session != '\0') return std::string(session) + "/token-relay/api.sock";
  return "/tmp/token-relay-" + std::to_string(getuid()) + "/api.sock";
}

struct Answer {
  int status = 0;  // 0: none
  std::string head, body;
  int error = 0;  // errno, if the status is 0
};

// HTTP/1.0: the answer ends where the connection does.
Answer get(const std::string& path, const std::string& target, const std::string& headers, int seconds) {
  Answer answer;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return answer.error = ENAMETOOLONG, answer;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return answer.error = errno, answer;
  const timeval limit{seconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);

  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: localhost\r\n" + headers + "\r\n";
  std::string text;
  char piece[4096];
  ssize_t size = -1;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    while ((size = read(fd, piece, sizeof piece)) > 0 && text.size() < 1000000) text.append(piece, size);
  }
  answer.error = size < 0 ? errno : 0;
  close(fd);
  const auto end = text.find("\r\n\r\n");
  if (size != 0 || end == std::string::npos || text.compare(0, 5, "HTTP/") != 0) return answer;
  answer.status = std::atoi(text.c_str() + text.find(' '));
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  return answer;
}

// A string or a number of a flat JSON object of the receiver's: enough for this one, and no JSON parser.
std::optional<std::string> member(const std::string& json, const std::string& name) {
  const auto found = json.find("\"" + name + "\":");
  if (found == std::string::npos) return std::nullopt;
  std::size_t at = found + name.size() + 3;
  std::string value;
  if (json[at] != '"') {
    while (at < json.size() && json[at] >= '0' && json[at] <= '9') value += json[at++];
    return value;
  }
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
    if (at < json.size()) value += json[at];
  }
  return value;
}

class TokenFollower {
 public:
  using OnToken = std::function<void(const Token&)>;
  using OnTrouble = std::function<void(const std::string&)>;

  TokenFollower(OnToken on_token, OnTrouble on_trouble)
      : on_token_(std::move(on_token)), on_trouble_(std::move(on_trouble)), thread_([this] { run(); }) {
    thread_.detach();  // It lives as long as the program.
  }

  // From memory if there is a valid one; else the next, if it comes in time. Never an expired one.
  std::optional<Token> get_token(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [this] { return token_.valid(); })) return std::nullopt;
    return token_;
  }

 private:
  void run() {
    const auto is_new = [this](const std::string& text) { return text != token_.access_token; };
    std::string etag, told;
    int wait = 1;
    for (;;) {
      const std::string path = socket_path();
      const Answer answer = get(path, "/v1/token?wait=" + std::to_string(wait),
                                etag.empty() ? "" : "If-None-Match: \"" + etag + "\"\r\n", wait + 10);
      wait = answer.status == 0 ? 1 : 15;
      std::string trouble;
      if (answer.status == 200) {
        Token token;
        token.access_token = member(answer.body, "access_token").value_or("");
        token.expires_at = std::atoll(member(answer.body, "expires_at").value_or("0").c_str());
        etag = member(answer.body, "generation").value_or("");
        token.generation = std::atoll(etag.c_str());
        if (is_new(token.access_token)) {
          {
            const std::lock_guard lock(mutex_);
            token_ = token;
          }
          changed_.notify_all();
          on_token_(token);
        }
      } else if (answer.status == 304) {
        // None came. A receiver that starts anew may have another token under the same number: so now and then ask without.
        etag.clear();
      } else if (answer.status == 404) {
        trouble = "there is no token yet; waiting";
      } else if (answer.status == 503) {
        trouble = "the token has expired, or the receiver is busy; waiting";
      } else if (answer.status != 0) {
        trouble = "the program at " + path + " is not token-receiver (HTTP " + std::to_string(answer.status) + ")";
      } else if (answer.error == ENOENT || answer.error == ECONNREFUSED) {
        trouble = "token-receiver is not running at " + path + "; trying again";
      } else {
        trouble = "no answer at " + path + " (" + std::strerror(answer.error) + "); trying again";
      }
      if (!trouble.empty()) {
        if (trouble != told) on_trouble_(trouble);
        if (answer.status == 0) etag.clear();
        std::this_thread::sleep_for(std::chrono::seconds(1));
      }
      told = trouble;
    }
  }

  OnToken on_token_;
  OnTrouble on_trouble_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Token token_;
  std::thread thread_;
};

int main(int count, char** arguments) {
  const bool follow = count == 2 && std::string(arguments[1]) == "--follow";
  const auto complain = [](const std::string& trouble) { std::cerr << trouble << std::endl; };
  const auto tell = [](const Token& token) {
    std::cout << "new token: generation " << token.generation << ", " << token.access_token.size() << " characters";
    if (token.expires_at != 0) std::cout << ", expires in " << token.expires_at - std::time(nullptr) << " seconds";
    std::cout << std::endl;
  };
  TokenFollower follower(follow ? TokenFollower::OnToken(tell) : [](const Token&) {}, complain);
  while (follow) pause();  // Here your program does its work, and calls get_token() for each request.
  for (;;) {
    const auto token = follower.get_token(std::chrono::hours(1));
    if (!token) continue;
    std::cout << token->access_token << std::endl;
    std::_Exit(0);
  }
}
