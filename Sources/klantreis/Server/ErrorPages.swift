import Access
import CustomerJourney
import Dashboard
import Hummingbird
import Insights
import Logging

/// Turns errors into pages that say what, why and what to do, and for programs into an
/// ``APIProblem``. The log gets the kind of an error and never what a request held.
struct ErrorPages: RouterMiddleware {
  typealias Context = ServerContext

  let workspace: Workspace
  let logger: Logger

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as NotAllowed where LoginRequired.isForPrograms(request) {
      return APIProblem(
        status: .forbidden, code: "not_allowed", message: "You may not do that.",
        detail: "It needs the permission \(error.permission.rawValue), which this "
          + "\(context.visitor?.session == nil ? "token" : "role") does not have."
      ).response
    } catch is NeedsLogin {
      return .seeOther(LoginDesk.path(next: nil))
    } catch let error where request.uri.path.hasPrefix("/api/") {
      if let problem = APIProblem(error) { return problem.response }
      logger.error("a question failed", metadata: ["kind": "\(type(of: error))"])
      return APIProblem.failed.response
    } catch is NotAllowed {
      let words = Visit(request).plainContext
      return await page(
        .forbidden, request, context, what: words.notAllowed, why: "", whatToDo: words.askForMore)
    } catch let error as HTTPError {
      return await page(
        error.status, request, context,
        what: error.status == .notFound
          ? "There is nothing at this address." : error.status.reasonPhrase + ".",
        why: error.body ?? "", whatToDo: "Begin at the map, or check the address.")
    } catch let refusal as Gate.Refusal {
      return await page(
        .tooManyRequests, request, context,
        what: Visit(request).plainContext.text(of: refusal.shown), why: "",
        whatToDo: "")
    } catch let error as NotFound {
      return await page(
        .notFound, request, context, what: error.what, why: "", whatToDo: error.advice)
    } catch let error as InsightError {
      return await page(
        .badRequest, request, context, what: "This question cannot be asked.",
        why: String(describing: error), whatToDo: "Go back and change it.")
    } catch let error as ParameterError {
      return await page(
        .badRequest, request, context, what: "A part of the address cannot be used.",
        why: String(describing: error), whatToDo: "Go back and change it.")
    } catch let error as any HTTPResponseError {
      return await page(
        error.status, request, context, what: error.status.reasonPhrase + ".", why: "",
        whatToDo: "Begin at the map, or check the address.")
    } catch {
      logger.error("a page failed", metadata: ["kind": "\(type(of: error))"])
      return await page(
        .internalServerError, request, context, what: "This page could not be made.",
        why: String(describing: error),
        whatToDo: "Try again; when it stays so, look at the terminal where the server runs.")
    }
  }

  private func page(
    _ status: HTTPResponse.Status, _ request: Request, _ context: ServerContext, what: String,
    why: String, whatToDo: String
  ) async -> Response {
    let visit = Visit(request, context)
    // Who is not logged in sees nothing of the project.
    let page =
      context.visitor == nil
      ? visit.plainContext
      : (try? await workspace.asking { visit.context($0) }) ?? visit.plainContext
    return .html(
      Pages.errorPage(
        status: Int(status.code), what: what, why: why, whatToDo: whatToDo, page),
      status: status)
  }
}
