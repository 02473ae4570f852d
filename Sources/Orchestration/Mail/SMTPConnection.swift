import CCurl
import CustomerJourney
import Foundation

/// A connection to a mail server that is kept for the next mail. Blocks whoever sends.
///
/// `@unchecked Sendable`: one worker has it at a time, and hands it on only when it is done.
package final class SMTPConnection: @unchecked Sendable {
  private let curl: UnsafeMutableRawPointer?
  private let settings: MailSettings
  private var sent = 0

  /// After as many mails a new connection is made: some servers close the old one.
  private static let mailsPerConnection = 200

  package init(_ settings: MailSettings) {
    Curl.open()
    self.settings = settings
    curl = curl_easy_init()
  }

  deinit { curl_easy_cleanup(curl) }

  /// The state of one talk, that the library's calls come back to.
  private final class Box {
    let mail: [UInt8]
    var at = 0
    var talk = SMTPTalk()

    init(mail: [UInt8]) { self.mail = mail }
  }

  package func send(
    _ mail: [UInt8], from sender: MailAddress, to recipient: MailAddress
  ) -> SMTPOutcome {
    guard let curl else {
      return .temporary(MessageReason("no-connection", "libcurl cannot be started"))
    }
    let box = Box(mail: mail)
    let pointer = Unmanaged.passUnretained(box).toOpaque()
    let server = settings.server
    let scheme = server.security == .tls ? "smtps" : "smtp"
    curl_easy_reset(curl)
    // The part behind the host is the name by which we greet.
    Curl.set(
      curl, CURLOPT_URL,
      "\(scheme)://\(server.host):\(server.port)/\(settings.sender.address.domain)")
    Curl.set(curl, CURLOPT_USE_SSL, server.security == .starttls ? 3 : 0)
    if let authority = settings.authority { Curl.set(curl, CURLOPT_CAINFO, authority) }
    Curl.set(curl, CURLOPT_MAIL_FROM, "<\(sender.text)>")
    if let user = settings.user { Curl.set(curl, CURLOPT_USERNAME, user) }
    if let password = settings.password { Curl.set(curl, CURLOPT_PASSWORD, password) }
    Curl.setCommon(curl)
    Curl.set(curl, CURLOPT_UPLOAD, 1)
    sent += 1
    if sent % Self.mailsPerConnection == 0 { Curl.set(curl, CURLOPT_FRESH_CONNECT, 1) }
    let recipients = curl_slist_append(nil, "<\(recipient.text)>")
    defer { curl_slist_free_all(recipients) }
    _ = curl_set_list(curl, CURLOPT_MAIL_RCPT, recipients)

    Curl.set(curl, CURLOPT_VERBOSE, 1)
    _ = curl_set_talk_function(curl) { _, kind, bytes, count, pointer in
      guard let bytes, let pointer, kind == CURLINFO_HEADER_IN || kind == CURLINFO_HEADER_OUT else {
        return 0
      }
      let box = Unmanaged<Box>.fromOpaque(pointer).takeUnretainedValue()
      let text = String(
        decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
      if kind == CURLINFO_HEADER_OUT {
        box.talk.said(byUs: text)
      } else {
        box.talk.said(byServer: text)
      }
      return 0
    }
    _ = curl_set_pointer(curl, CURLOPT_DEBUGDATA, pointer)
    _ = curl_set_bytes_function(curl, CURLOPT_READFUNCTION) { buffer, size, count, pointer in
      guard let buffer, let pointer else { return 0 }
      let box = Unmanaged<Box>.fromOpaque(pointer).takeUnretainedValue()
      let length = min(size * count, box.mail.count - box.at)
      if length == 0 {
        box.talk.bodyGiven()
        return 0
      }
      box.mail.withUnsafeBytes { mail in
        UnsafeMutableRawPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: mail[box.at...]).baseAddress ?? .init(buffer),
          byteCount: length)
      }
      box.at += length
      // The library may send the end together with the last piece.
      if box.at == box.mail.count { box.talk.bodyGiven() }
      return length
    }
    _ = curl_set_pointer(curl, CURLOPT_READDATA, pointer)
    let result = withExtendedLifetime(box) { curl_easy_perform(curl) }
    return box.talk.outcome(problem: result == CURLE_OK ? nil : Curl.text(result))
  }
}

/// What all users of libcurl share.
enum Curl {
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

  static func open() { precondition(isReady, "libcurl cannot be started") }

  static func set(_ curl: UnsafeMutableRawPointer, _ option: CURLoption, _ value: String) {
    _ = curl_set_text(curl, option, value)
  }

  static func set(_ curl: UnsafeMutableRawPointer, _ option: CURLoption, _ value: Int) {
    _ = curl_set_number(curl, option, value)
  }

  /// Timeouts, no signals between threads, and no proxy that only the environment knows of.
  static func setCommon(_ curl: UnsafeMutableRawPointer) {
    set(curl, CURLOPT_CONNECTTIMEOUT, Limits.connectSeconds)
    set(curl, CURLOPT_TIMEOUT, Limits.sendSeconds)
    set(curl, CURLOPT_NOSIGNAL, 1)
    set(curl, CURLOPT_PROXY, "")
  }

  static func text(_ code: CURLcode) -> String {
    curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
  }
}
