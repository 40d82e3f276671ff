// What a command says and exits with when something went wrong: one sentence, one code (sysexits), never a stack trace.

import App
import ArgumentParser
import Embedding
import Evaluation
import Glibc
import Spool
import StageCommand
import Storage
import VectorShard

/// From an error to a sentence and an exit code.
enum Failure {
  /// Runs a command's body.
  ///
  /// - Returns: its exit code, or that of the error it threw, which is told on standard error.
  static func code(_ command: String, _ body: () async throws -> Int32) async -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    do {
      return try await body()
    } catch let code as ExitCode {
      return code.rawValue
    } catch {
      StandardStream.error.line("\(command): \(error)")
      return code(of: error)
    }
  }

  static func code(of error: any Error) -> Int32 {
    switch error {
    case let error as SpoolError: error.exitCode
    case let error as StageFault: error.exitCode
    case let error as StorageError: error.exitCode
    case let error as EmbeddingError: error.stopsStage ? 78 : 75
    case is ShardError: 65
    case EvaluationError.badLine: 64
    case EvaluationError.noQuestions, EvaluationError.noShard: 69
    case let error as AdministrationError: error.exitCode
    case let error as StripeFailure: error.exitCode
    case is ConfigurationError, is SecretKeysError: 78
    default: StorageError.exitCode(ofDatabase: error) ?? 70
    }
  }
}
