import CEpoll
import Glibc

/// Sends requests over connections that stay open, one at a time on each, from one thread.
struct Load {
  var port: UInt16
  var connections: Int
  /// Requests in all.
  var requests: Int
  /// Requests a second, or nil for as many as are answered.
  var rate: Double?

  struct Outcome {
    var requests = 0
    var events = 0
    var failed = 0
    var seconds = 0.0
    /// Of each request, from when it was due to its answer.
    var latencySeconds: [Double] = []

    func percentile(_ share: Double) -> Double {
      guard !latencySeconds.isEmpty else { return 0 }
      let sorted = latencySeconds.sorted()
      return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
  }

  private struct Connection {
    var socket: Int32
    var request: [UInt8] = []
    var sent = 0
    var events = 0
    var due = 0.0
    var isBusy = false
    var answer: [UInt8] = []
  }

  /// `next` makes a request and says how many events it has; `progress` is called now and then.
  func run(
    next: () -> (bytes: [UInt8], events: Int), progress: (Outcome) -> Void = { _ in }
  ) -> Outcome {
    var connections = (0..<self.connections).map { _ in Connection(socket: connect()) }
    // Told by the edge, and only of connections on which something happened: a generator that asks
    // about all of them at each turn takes as much of the machine as a server does.
    let watched = epoll_create1(0)
    for i in connections.indices {
      var event = epoll_event()
      event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLET.rawValue
      event.data.u32 = UInt32(i)
      guard epoll_ctl(watched, EPOLL_CTL_ADD, connections[i].socket, &event) == 0 else {
        fatalError("a connection cannot be watched")
      }
    }
    defer {
      for connection in connections { close(connection.socket) }
      close(watched)
    }
    var happened = [epoll_event](repeating: epoll_event(), count: self.connections)
    var block = [UInt8](repeating: 0, count: 16_384)
    var outcome = Outcome()
    var begun = 0
    let start = now()
    var nextProgress = start + 1
    var idle = Array(connections.indices)
    var lost = 0
    while outcome.requests + outcome.failed < requests, lost < connections.count {
      while begun < requests, !idle.isEmpty {
        let due = rate.map { start + Double(begun) / $0 }
        if let due, due > now() { break }
        let i = idle.removeLast()
        let request = next()
        connections[i].request = request.bytes
        connections[i].events = request.events
        connections[i].sent = 0
        connections[i].due = due ?? now()
        connections[i].isBusy = true
        begun += 1
        send(&connections[i])
      }
      let wait: Int32 = rate == nil ? 1_000 : 1
      let count = epoll_wait(watched, &happened, Int32(happened.count), wait)
      for event in happened.prefix(Int(max(0, count))) {
        let i = Int(event.data.u32)
        guard connections[i].isBusy else { continue }
        send(&connections[i])
        guard let status = receive(&connections[i], &block) else { continue }
        if status == 200 || status == 204 {
          outcome.requests += 1
          outcome.events += connections[i].events
          outcome.latencySeconds.append(now() - connections[i].due)
        } else {
          outcome.failed += 1
        }
        connections[i].isBusy = false
        // Nothing happens any more on one that is lost.
        if status == 0 { lost += 1 } else { idle.append(i) }
      }
      if now() > nextProgress {
        nextProgress += 1
        outcome.seconds = now() - start
        progress(outcome)
      }
    }
    outcome.seconds = now() - start
    return outcome
  }

  private func connect() -> Int32 {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { fatalError("no connection to port \(port)") }
    var on: Int32 = 1
    setsockopt(made, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    _ = fcntl(made, F_SETFL, fcntl(made, F_GETFL) | O_NONBLOCK)
    return made
  }

  private func send(_ connection: inout Connection) {
    while connection.sent < connection.request.count {
      let count = connection.request.withUnsafeBytes { bytes in
        write(
          connection.socket, bytes.baseAddress.map { $0 + connection.sent },
          bytes.count - connection.sent)
      }
      guard count > 0 else { return }
      connection.sent += count
    }
  }

  /// The status of a whole answer; nil while there is more to come, 0 when the connection is lost.
  private func receive(_ connection: inout Connection, _ block: inout [UInt8]) -> Int? {
    while true {
      let count = read(connection.socket, &block, block.count)
      if count == 0 { return 0 }
      guard count > 0 else { break }
      connection.answer += block.prefix(count)
    }
    guard let answer = Self.answer(connection.answer) else { return nil }
    connection.answer.removeFirst(answer.length)
    return answer.status
  }

  /// The first answer in what was received, when all of it is there.
  private static func answer(_ bytes: [UInt8]) -> (status: Int, length: Int)? {
    // "HTTP/1.1 200": looked at by bytes, for the machine is there for the server.
    let name = Array("content-length:".utf8)
    var body = 0
    var line = 0
    while let end = bytes[line...].firstIndex(of: 10) {
      let length = end - line - 1
      if length == 0 {
        guard bytes.count > end + body else { return nil }
        return (number(bytes[9..<12]), end + 1 + body)
      }
      if length > name.count,
        zip(bytes[line...], name).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
      {
        body = number(bytes[(line + name.count)..<(end - 1)])
      }
      line = end + 1
    }
    return nil
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int {
    digits.reduce(0) { 48...57 ~= $1 ? $0 * 10 + Int($1) - 48 : $0 }
  }
}

/// Seconds of a clock that only goes forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Milliseconds since 1970.
func clockMilliseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
