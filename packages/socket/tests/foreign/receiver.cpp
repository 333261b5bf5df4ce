// Listens on a Unix socket, accepts one connection and reads from it once. `answer`: prints what it read, answers OK and waits for the
// other side to close. `silent`: never answers.
#include <cstring>
#include <iostream>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof(address)) != 0 || listen(listener, 5) != 0) return 1;
  std::cout << "listening" << std::endl;

  int client = accept(listener, nullptr, nullptr);
  char buffer[4096];
  ssize_t count = read(client, buffer, sizeof(buffer));
  if (std::string(argv[2]) == "answer") {
    std::cout << std::string(buffer, count > 0 ? count : 0) << std::endl;
    if (write(client, "OK", 2) != 2) return 1;
  }
  while (read(client, buffer, sizeof(buffer)) > 0) {
  }
  close(client);
  return 0;
}
