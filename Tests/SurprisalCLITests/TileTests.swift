import Foundation
import Testing

extension CommandTests {
  struct TileTests {
    @Test("Fitted by tiles, a model judges images by them in every command, and says where")
    func commands() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let outcome = try Command.run(
          "fit", "--tiles", "fixtures/clothes", "--size", "16", "--threads", "1", "--output", path)
        #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains("28 reference scores of whole images at one look"), "\(outcome)")
        #expect(outcome.errors.contains("252 tiles of 28 images fit the statistics"), "\(outcome)")
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        let tiling = try #require(facts["tiling"] as? [String: Any])
        #expect(tiling["overlap"] as? Double == 0.5 && facts["width"] as? Int == 16, "\(facts)")
        #expect(try Command.references(path, evaluations: 0) == 28)
        let page = "\(folder)/page.html"
        let scan = try Command.run(
          "scan", "fixtures/other", "--model", path, "--fpr", "0.1", "--format", "html", "--output", page)
        #expect(scan.code == 0 && exists(page), "\(scan)")
        let records = try Command.run(
          "scan", "fixtures/other", "--model", path, "--fpr", "0.1", "--quiet"
        ).objects
        #expect(records.count == 10 && records.allSatisfy { ($0["tiles"] as? Int ?? 0) >= 1 }, "\(records)")
        let odd = try #require(records.first { ($0["tiles"] as? Int ?? 0) > 1 })
        #expect((odd["reason"] as? String)?.hasPrefix("around ") == true, "\(odd)")
        let picture = "\(folder)/picture.png"
        let explained = try Command.run(
          "explain", try #require(odd["path"] as? String), "--model", path, "--output", picture)
        #expect(explained.code == 0 && exists(picture), "\(explained)")
        #expect(
          explained.output.contains("appearance") && explained.output.contains("tiles of"), "\(explained)")
        let gate = try Command.run(
          "gate", "fixtures/other", "--model", path, "--fpr", "0.1", "--format", "text")
        #expect(gate.code == 2, "\(gate)")
        // Fitted anew it stays a model of tiles.
        let again = "\(folder)/again.safetensors"
        let anew = try Command.run(
          "fit", "fixtures/clothes", "--model", path, "--evaluations", "0", "--output", again)
        #expect(anew.code == 0 && anew.errors.contains("of whole images at one look"), "\(anew)")
      }
    }

    @Test(
      "What is not by tiles is wrong usage, with words",
      arguments: [
        (["--tile-overlap", "0.2"], "are for --tiles"), (["--tiles", "--tile-overlap", "0.95"], "overlap"),
        (["--tiles", "--tile-scale", "2"], "scale"),
        (["--tiles", "--evaluations", "auto"], "--tiles is not for"),
        (["--tiles", "--eyes-from", "x"], "not with"),
      ])
    func usage(options: [String], words: String) throws {
      let outcome = try Command.run(["fit", "fixtures/clothes", "--output", "/dev/null"] + options)
      #expect(outcome.code == 64 && outcome.errors.contains(words), "\(outcome)")
    }
  }
}
