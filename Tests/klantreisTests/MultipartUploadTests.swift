import Foundation
import Testing

@testable import klantreis

@Suite("An upload by form")
struct MultipartUploadTests {
  private static let type = "multipart/form-data; boundary=\"----Xy7\""

  private static func body(file: [UInt8], name: String = "export.csv") -> [UInt8] {
    Array("------Xy7\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n".utf8)
      + Array(
        """
        ------Xy7\r\nContent-Disposition: form-data; name="file"; filename="\(name)"\r
        Content-Type: text/csv\r\n\r\n
        """.utf8) + file + Array("\r\n------Xy7--\r\n".utf8)
  }

  private static func receive(_ body: [UInt8], piecesOf size: Int) throws -> (
    name: String?, file: [UInt8], found: Bool
  ) {
    var upload = try MultipartUpload(contentType: type)
    var name: String?
    var file: [UInt8] = []
    for start in stride(from: 0, to: body.count, by: size) {
      for piece in try upload.receive(body[start..<min(start + size, body.count)]) {
        switch piece {
        case .began(let given): name = given
        case .bytes(let bytes): file += bytes
        case .ended: break
        }
      }
    }
    return (name, file, try upload.finish())
  }

  @Test(
    "the file comes out byte for byte, however the network cuts the body",
    arguments: [1, 2, 3, 7, 13, 64, 10_000])
  func anyCut(size: Int) throws {
    // With line ends, dashes and the beginning of a boundary inside the file.
    let file = Array("a;b\r\n1;2\r\n------Xy\r\n--\r\n\u{0}é".utf8)
    let got = try Self.receive(Self.body(file: file), piecesOf: size)
    #expect(got.name == "export.csv")
    #expect(got.file == file)
    #expect(got.found)
  }

  @Test("an empty file is a file")
  func empty() throws {
    let got = try Self.receive(Self.body(file: []), piecesOf: 5)
    #expect(got.file == [])
    #expect(got.found)
  }

  @Test(
    "a name with folders loses them, and a name that is only folders is no file",
    arguments: [
      ("../../etc/passwd", "passwd"), ("C:\\data\\export.csv", "export.csv"), ("..", nil),
      ("/", nil),
    ] as [(String, String?)])
  func noFolders(given: String, expected: String?) throws {
    let got = try Self.receive(Self.body(file: [1], name: given), piecesOf: 1000)
    #expect(got.name == expected)
    #expect(got.found == (expected != nil))
  }

  @Test("a body that ends early is not taken for a whole file")
  func cutOff() throws {
    let body = Self.body(file: Array("a,b\n1,2\n".utf8))
    for length in stride(from: 0, to: body.count - 4, by: 11) {
      #expect(throws: MultipartUpload.Failure.self) {
        try Self.receive(Array(body[..<length]), piecesOf: 9)
      }
    }
  }

  @Test(
    "what is no form with a boundary is refused",
    arguments: [
      "text/csv", "multipart/form-data", "multipart/form-data; boundary=",
      "multipart/form-data; boundary=" + String(repeating: "x", count: 71),
    ])
  func noBoundary(type: String) {
    #expect(throws: MultipartUpload.Failure.self) { try MultipartUpload(contentType: type) }
  }

  @Test("a head that never ends is refused before it fills the memory")
  func endlessHead() throws {
    var upload = try MultipartUpload(contentType: Self.type)
    #expect(throws: MultipartUpload.Failure.self) {
      _ = try upload.receive(Array("------Xy7\r\n".utf8))
      for _ in 0..<100 { _ = try upload.receive(Array(repeating: 65, count: 1000)) }
    }
  }
}

@Suite("The progress bar")
struct ProgressBarTests {
  @Test("says how far, how fast and how long")
  func line() {
    #expect(
      ProgressBar.line(
        title: "baskets.csv.gz", unit: "rows", fraction: 0.5, count: 78_000, seconds: 2)
        == "baskets.csv.gz ████████████░░░░░░░░░░░░ 50 %  78,000 rows  39,000/s  2 s left")
    #expect(
      ProgressBar.line(title: "x", unit: "rows", fraction: 0.1, count: 10, seconds: 20)
        .hasSuffix("3 min 0 s left"))
  }

  @Test(
    "numbers are grouped in thousands",
    arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func grouped(number: Int, expected: String) { #expect(number.grouped == expected) }
}
