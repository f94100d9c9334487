package io.nightshift.jobs.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy that counts what goes through it, whatever the client makes of it. In trouble it is slow, and answers every
 * second connection as an S3 does that is asked too much.
 */
final class CountingProxy implements AutoCloseable {
    private static final int SLOWNESS_MILLIS = 20;
    private static final int DRAIN_MILLIS = 200;
    private static final String SLOW_DOWN = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";

    private final ServerSocket listener;
    private final int target;
    private final AtomicLong toClients = new AtomicLong();
    private final AtomicLong toServer = new AtomicLong();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong connections = new AtomicLong();
    private volatile boolean troubled;

    /** @param target port of the server on this machine */
    CountingProxy(int target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start("accept", this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    long bytesToClients() {
        return toClients.get();
    }

    long bytesToServer() {
        return toServer.get();
    }

    /** From now on, or no longer. Connections that are kept alive are cut off, so that clients notice. */
    void trouble(boolean begins) throws IOException {
        troubled = begins;
        for (Socket socket : begins ? open : Set.<Socket>of()) {
            socket.close();
        }
    }

    /** Connections that were answered with 503. */
    long refused() {
        return refused.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                if (troubled && connections.getAndIncrement() % 2 == 0) {
                    start("refusing", () -> refuse(client));
                    continue;
                }
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(server);
                start("to server", () -> pump(client, server, toServer));
                start("to client", () -> pump(server, client, toClients));
            } catch (IOException e) {
                // Closed, or the server is gone: the client finds its connection closed.
            }
        }
    }

    private void refuse(Socket client) {
        try (client) {
            InputStream in = client.getInputStream();
            for (int last = 0; last != 0x0D0A0D0A; ) {
                int next = in.read();
                if (next < 0) {
                    return;
                }
                last = last << 8 | next;
            }
            client.getOutputStream().write(("HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: "
                    + SLOW_DOWN.length() + "\r\nConnection: close\r\n\r\n" + SLOW_DOWN).getBytes(StandardCharsets.US_ASCII));
            refused.incrementAndGet();
            client.shutdownOutput();
            // What the client still sends would reset the connection, and the answer with it.
            client.setSoTimeout(DRAIN_MILLIS);
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // It has hung up, or says nothing more.
        }
    }

    private void pump(Socket from, Socket to, AtomicLong count) {
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] block = new byte[1 << 16];
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                count.addAndGet(read);
                if (troubled) {
                    Thread.sleep(SLOWNESS_MILLIS);
                }
                out.write(block, 0, read);
            }
        } catch (IOException e) {
            // One side hung up; closing tells the other.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, "counting-proxy " + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
