import Testing

extension CommandTests {
  /// What holds for every command.
  struct UsageTests {
    static let commands = ["train", "fit", "scan", "gate", "sample", "evaluate", "explain", "model", "cache"]

    @Test("Help is no failure, and goes to standard output", arguments: [""] + commands)
    func help(command: String) throws {
      let help = try command.isEmpty ? Command.run("--help") : Command.run(command, "--help")
      #expect(help.code == 0 && help.output.contains("USAGE") && help.errors.isEmpty, "\(help)")
      if command.isEmpty {
        for name in Self.commands { #expect(help.output.contains("\n  \(name)"), "\(name)") }
      }
    }

    @Test("The version is one line")
    func version() throws {
      let version = try Command.run("--version")
      #expect(version.code == 0 && version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(version)")
    }

    @Test(
      "Wrong usage is 64, with nothing done and the reason on standard error",
      arguments: [
        "nonsense", "scan", "scan x --fpr 2", "scan x --fpr 0.1 --fdr 0.1", "scan x --format nothing",
        "scan x --evaluations -1", "scan x --statistic none", "scan x --threads 0",
        "scan x --resume --no-cache",
        "cache --prune --clear", "cache --size 5", "cache --prune --size -1",
        "scan x --max-pixels 0", "gate", "gate x --fdr 0", "gate x --threads 0", "gate x --precision f64",
        "explain", "explain x --replicates 0", "sample",
        "sample -n 0 --output x", "sample --steps 1 --output x", "sample --noise -1 --output x", "model",
        "model x --format csv", "calibrate --output x", "calibrate y --samples 20 --output x",
        "calibrate --samples 5 --output x", "calibrate y", "calibrate y --output x --precision f64",
        "evaluate --inliers x", "evaluate --outliers x",
        "train", "train y --output x --size 15", "train y --output x --channels cmyk",
        // Words that would say nothing.
        "scan y -0", "train y -0 --output x", "calibrate y -0 --output x", "scan y --limit 0",
        "train y --output x --held-out z --validation 0.2", "sample --evaluations 8 --sheet x",
        "calibrate y --output x --force", "calibrate y --output x --steps 9", "explain y --steps 9",
        "explain y --dequantisation gaussian", "explain y --method ode --steps 9 --tolerance 0.1",
        "evaluate --inliers - --outliers -", "evaluate --inliers y --outliers z --limit 0",
        "fit y --output x --eyes 5", "fit y --output x --eyes 0 --eyes-from z",
        "fit y --output x --tiles --eyes-from z", "fit y --output x --damage-steps 5",
        "fit y --output x --damage-steps 0 --damage-from z", "fit y --output x --tiles --align placed",
        "train y --output x --eyes 0",
        "train y --output x --eyes some",
        "train y --output x --steps 1 --minutes 1", "train y --output x --validation 1",
      ])
    func wrong(line: String) throws {
      let words = line.split(separator: " ").map(String.init)
      let outcome = try Command.run(words)
      #expect(
        outcome.code == 64 && outcome.output.isEmpty && outcome.errors.contains("Error: "), "\(outcome)")
      #expect(!exists(Command.root.appendingPathComponent("x").path))
    }

    @Test(
      "What could not run is 1, and says of which file and why",
      arguments: [
        ("scan fixtures/clothes --model none/such.safetensors", "none/such.safetensors"),
        ("scan fixtures/clothes --model fixtures/broken/text.jpg", "fixtures/broken/text.jpg"),
        ("scan fixtures/clothes --model nosuch", "nosuch"),
        ("scan fixtures/clothes/00.png --model fashion-mnist --evaluations 5", "5 evaluations"),
        ("gate fixtures/clothes --policy no/such.yml", "no/such.yml"),
        ("gate fixtures/clothes --baseline no/such.txt", "no/such.txt"),
        ("explain no/such.png --evaluations 4", "no/such.png"),
        ("explain fixtures/broken/cut.png --evaluations 4", "fixtures/broken/cut.png: PNG"),
        ("model fixtures/broken/empty.png", "fixtures/broken/empty.png"),
        ("evaluate --inliers fixtures/broken --outliers fixtures/other", "fixtures/broken"),
        (
          "calibrate fixtures/clothes/00.png --model fashion-mnist --evaluations 4 --output /dev/null",
          "at least"
        ),
        ("train fixtures/clothes/00.png --steps 1 --output /dev/null", "at least"),
      ])
    func refused(line: String, reason: String) throws {
      let outcome = try Command.run(line.split(separator: " ").map(String.init))
      #expect(outcome.code == 1 && outcome.output.isEmpty && outcome.errors.contains(reason), "\(outcome)")
    }
  }
}
