import Access
import Collector
import CustomerJourney
import Dashboard
import Foundation
import Hummingbird
import Store

/// The import pages: take in a file, show what it would become, store it.
struct ImportDesk: Sendable {
  let workspace: Workspace

  private static let previewRows = 20

  func addRoutes(
    to routes: GuardedRoutes,
    pageContext: @escaping @Sendable (Request, ServerContext) async throws -> PageContext
  ) {
    routes.get("import", needs: .edit) { request, context in
      Response.html(
        Pages.importPage(.upload(problem: nil), try await pageContext(request, context)))
    }
    routes.post("import", needs: .edit) { request, server in
      let context = try await pageContext(request, server)
      do {
        let upload = try await receive(request)
        let shown = try await workspace.working { try preview(upload, form: nil) }
        return Response.html(Pages.importPage(.preview(shown), context))
      } catch let problem as UploadProblem {
        return Response.html(
          Pages.importPage(.upload(problem: problem.description), context),
          status: .badRequest)
      }
    }
    routes.post("import/preview", needs: .edit) { request, server in
      let context = try await pageContext(request, server)
      let form = try await FormFields.body(of: request)
      do {
        let upload = try find(form["upload"])
        let shown = try await workspace.working { try preview(upload, form: form) }
        return Response.html(Pages.importPage(.preview(shown), context))
      } catch let problem as UploadProblem {
        return Response.html(
          Pages.importPage(.upload(problem: problem.description), context),
          status: .badRequest)
      }
    }
    routes.post("import/confirm", needs: .edit) { request, server in
      let context = try await pageContext(request, server)
      let form = try await FormFields.body(of: request)
      do {
        let upload = try find(form["upload"])
        let result = try await store(upload, form: form)
        try await workspace.note(.imported, upload.name, by: server)
        return Response.html(Pages.importPage(.done(result), context))
      } catch let problem as UploadProblem {
        return Response.html(
          Pages.importPage(.upload(problem: problem.description), context),
          status: .badRequest)
      }
    }
    routes.get("import/rejected/:name", needs: .edit) { _, context in
      let name = try context.pathPart("name")
      return try rejected(name)
    }
  }

  // MARK: Taking a file in

  private struct Upload: Sendable {
    /// Names it to the server; random, so that nobody else can.
    var token: String
    var name: String
    var file: URL
  }

  private struct UploadProblem: Error, CustomStringConvertible {
    var description: String
  }

  private func receive(_ request: Request) async throws -> Upload {
    throwAwayOld()
    var parts: MultipartUpload
    do {
      parts = try MultipartUpload(contentType: request.headers[.contentType] ?? "")
    } catch {
      throw UploadProblem(description: String(describing: error))
    }
    let token = UUID().uuidString.lowercased()
    let folder = workspace.uploadFolder.appending(path: token)
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    do {
      let upload = try await write(request, &parts, token: token, folder: folder)
      return upload
    } catch {
      try? FileManager.default.removeItem(at: folder)
      if error is MultipartUpload.Failure {
        throw UploadProblem(description: String(describing: error))
      }
      throw error
    }
  }

  private func write(
    _ request: Request, _ parts: inout MultipartUpload, token: String, folder: URL
  ) async throws -> Upload {
    var upload: Upload?
    var handle: FileHandle?
    defer { try? handle?.close() }
    var size = 0
    for try await buffer in request.body {
      // Everything counts, for what is around the file could be endless too.
      size += buffer.readableBytes
      guard size <= Limits.uploadBytes else {
        throw UploadProblem(
          description:
            "The file is larger than \(Limits.uploadBytes / 1_048_576) MB. Pack it with gzip, "
            + "or import it with the command `klantreis import`, which has no limit.")
      }
      for piece in try parts.receive(buffer.readableBytesView) {
        switch piece {
        case .began(let name):
          let file = folder.appending(path: name)
          _ = FileManager.default.createFile(
            atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
          handle = try FileHandle(forWritingTo: file)
          upload = Upload(token: token, name: name, file: file)
        case .bytes(let bytes): try handle?.write(contentsOf: bytes)
        case .ended: break
        }
      }
    }
    guard try parts.finish(), let upload else {
      throw UploadProblem(description: "No file was chosen. Choose one and send it again.")
    }
    return upload
  }

  /// The upload that a form names. A token is a UUID, so it cannot lead out of the folder.
  private func find(_ token: String?) throws -> Upload {
    guard let token, UUID(uuidString: token) != nil else {
      throw UploadProblem(description: "The form names no file. Send the file again.")
    }
    let folder = workspace.uploadFolder.appending(path: token)
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    guard let file = files?.first else {
      throw UploadProblem(
        description: "This file was stored already, or is too long ago. Send it again.")
    }
    return Upload(token: token, name: file.lastPathComponent, file: file)
  }

  /// Uploads that nobody confirmed do not stay.
  func throwAwayOld() {
    let folders =
      (try? FileManager.default.contentsOfDirectory(
        at: workspace.uploadFolder, includingPropertiesForKeys: [.contentModificationDateKey]))
      ?? []
    for folder in folders {
      // Another request may have stored or thrown it away meanwhile.
      let values = try? folder.resourceValues(forKeys: [.contentModificationDateKey])
      guard let date = values?.contentModificationDate,
        -date.timeIntervalSinceNow > Limits.uploadKeepSeconds
      else { continue }
      try? FileManager.default.removeItem(at: folder)
    }
  }

  // MARK: Looking and storing

  private func options() throws -> ImportOptions {
    do {
      return try workspace.importOptions()
    } catch let problem as GeoDatabase.Problem {
      throw UploadProblem(description: "\(problem) Or take it away: klantreis settings geo none.")
    }
  }

  /// What is in the file, and why it cannot be imported as it is, if so.
  private func look(
    _ upload: Upload, _ options: ImportOptions
  ) throws -> (found: ImportPreview, problem: String?) {
    do {
      let found = try FileImport.preview(
        path: upload.file.path, rows: Self.previewRows, options: options)
      return (found, nil)
    } catch let error as ImportError where !error.columns.isEmpty {
      let found = ImportPreview(format: .csv, form: "", columns: error.columns)
      return (found, error.description)
    } catch let error as ImportError {
      throw UploadProblem(description: error.description)
    }
  }

  private func preview(
    _ upload: Upload, form: FormFields?
  ) throws -> ImportPage.Preview {
    let options = try options()
    let (found, problem) = try look(upload, options)
    let choices = ImportChoices(found, form: form)
    guard form != nil else {
      return choices.preview(
        found, token: upload.token, fileName: upload.name, zone: options.zone,
        problem: problem)
    }
    do {
      let chosen = try FileImport.preview(
        path: upload.file.path, mapping: choices.mapping, rows: Self.previewRows, options: options)
      return choices.preview(
        chosen, token: upload.token, fileName: upload.name, zone: options.zone)
    } catch let error as ImportError {
      return choices.preview(
        nil, token: upload.token, fileName: upload.name, zone: options.zone,
        problem: error.description)
    }
  }

  private func store(
    _ upload: Upload, form: FormFields?
  ) async throws -> ImportPage.Result {
    let options = try options()
    let runner = ImportRunner(workspace: workspace, options: options)
    let outcome = try await workspace.working {
      let found = try look(upload, options).found
      do {
        return try runner.run(
          path: upload.file.path, mapping: ImportChoices(found, form: form).mapping)
      } catch let error as ImportError {
        throw UploadProblem(description: error.description)
      }
    }
    try? FileManager.default.removeItem(at: upload.file.deletingLastPathComponent())
    if let problem = outcome.problem {
      throw UploadProblem(
        description: "\(problem) What stood before that place is stored: "
          + "\(outcome.stored.grouped) touchpoints.")
    }
    return ImportPage.Result(
      fileName: upload.name, read: outcome.read, stored: outcome.stored,
      duplicates: outcome.duplicates, leftOut: outcome.leftOutReasons,
      rejectedCount: outcome.rejected,
      rejected: outcome.firstRejected.map { .init(line: $0.line, reason: $0.reason) },
      rejectedFile: outcome.rejectedFile.map {
        "/import/rejected/\(URL(filePath: $0).lastPathComponent)"
      })
  }

  private func rejected(_ name: String) throws -> Response {
    // Only a name that stands in the folder is opened; what else it says doesn't matter.
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: workspace.rejectedFolder.path)) ?? []
    guard names.contains(name) else {
      throw NotFound(
        what: "There is no such file of rejected rows.", advice: "Import the file again.")
    }
    return .data(
      try Data(contentsOf: workspace.rejectedFolder.appending(path: name)),
      type: "text/csv; charset=utf-8", download: "rejected.csv")
  }
}
