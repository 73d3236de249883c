import Foundation
import Testing

extension RunTests {
  /// What OpenMP, which oneDNN runs on, is told (`CThreadWaiting`).
  struct ThreadWaitingTests {
    @Test(
      "Threads that wait spin briefly, unless the user has said otherwise; arguments and names stay as they are"
    )
    func spins() throws {
      func told(_ setting: String) throws -> String {
        let shown = try Command.shell(
          "unset OMP_WAIT_POLICY GOMP_SPINCOUNT; \(setting) OMP_DISPLAY_ENV=verbose exec \"$1\" --version",
          Command.binary.path)
        #expect(shown.code == 0 && shown.output == "0.1.0\n", "\(shown)")
        return shown.errors
      }
      #expect(try told("").contains("GOMP_SPINCOUNT = '1000'"))
      #expect(try told("GOMP_SPINCOUNT=77").contains("GOMP_SPINCOUNT = '77'"))
      #expect(try told("OMP_WAIT_POLICY=passive").contains("GOMP_SPINCOUNT = '0'"))
      // By another name, and by a link, it is itself.
      try withFolder { folder in
        let linked = try Command.shell(
          "unset OMP_WAIT_POLICY; ln -s \"$1\" \"$2/other name\"; exec \"$2/other name\" scan '' --bad 'a b'",
          Command.binary.path, folder)
        #expect(linked.code == 64 && linked.errors.contains("--bad"), "\(linked)")
      }
    }
  }
}
