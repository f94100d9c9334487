import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** What a task costs that does nothing: TinyTasks MASTER COUNT..., each count three times after a warm-up, the best printed. */
public final class TinyTasks {
    public static void main(String[] args) {
        SparkConf conf = new SparkConf().setAppName("tiny tasks").setMaster(args[0]).set("spark.ui.enabled", "false");
        int[] counts = Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray();
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            run(spark, 2000);
            for (int count : counts) {
                double best = IntStream.range(0, 3).mapToDouble(i -> run(spark, count)).min().getAsDouble();
                System.out.printf(Locale.ROOT, "%s %d tasks: %.2f ms a task%n", args[0], count, 1e3 * best / count);
            }
        }
    }

    private static double run(JavaSparkContext spark, int count) {
        long start = System.nanoTime();
        spark.parallelize(IntStream.range(0, count).boxed().toList(), count).map(TinyTasks::nothing).collect();
        return (System.nanoTime() - start) * 1e-9;
    }

    private static int nothing(int value) {
        return value;
    }
}
